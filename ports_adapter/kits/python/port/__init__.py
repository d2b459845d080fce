"""A port of microgpt: what it offers is in `methods`, how it is asked in `server`."""
