"""Mistakes in the model, part by part."""
