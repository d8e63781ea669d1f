"""One module for each rule, named like it; found by name, never listed."""
