"""How fast ports and the reference are: measuring, and showing what came out."""
