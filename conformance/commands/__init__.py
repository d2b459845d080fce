"""The commands, thin covers of the library: what each takes, and whom it calls."""
