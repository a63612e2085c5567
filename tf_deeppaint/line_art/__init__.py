"""line_art."""
