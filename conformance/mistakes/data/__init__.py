"""Mistakes in documents, tokens, the generator, and what is drawn from it."""
