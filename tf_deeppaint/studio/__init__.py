"""The studio: a web page on this machine to color sketches on; `desk` is what it does."""
