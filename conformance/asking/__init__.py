"""Asks a port through the protocol: the engine, its journal, and the search for a layout."""
