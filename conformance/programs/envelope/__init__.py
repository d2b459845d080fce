"""The losses of honest programs over many seeds, and how far printed ones lie from them."""
