"""greenlint: a linter for the eco-design of AI."""

__version__ = "0.1.0"
