"""Evidence in, model card out."""
