"""Seeing Python: source text in, plain facts and programs out; the only package that imports LibCST."""
