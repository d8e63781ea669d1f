"""One module for each tool that writes emission files; found by name, never listed."""
