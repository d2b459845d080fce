"""Mistakes in the optimizer and in the training loop."""
