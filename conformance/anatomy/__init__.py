"""The parts of microgpt: its levels, the order of its computation, its small functions."""
