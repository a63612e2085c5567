"""The studio: a web page on this machine to colour sketches on; `desk` is what it does."""
