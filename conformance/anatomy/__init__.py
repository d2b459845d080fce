"""What microgpt consists of: its levels, the order of its computation, its small functions."""
