"""One module for each output format; found by name, never listed."""
