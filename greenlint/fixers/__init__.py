"""One module for each rule that greenlint can correct; found by name, never listed."""
