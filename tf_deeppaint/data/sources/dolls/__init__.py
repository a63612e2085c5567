"""dolls."""
