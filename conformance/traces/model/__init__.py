"""Which model a trace is of: its sizes, the names of its matrices, their layout."""
