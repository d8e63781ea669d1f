"""One module for each verb of the command line; found by name, never listed."""
