"""The command line: what each command takes, and which function of the library it calls."""
