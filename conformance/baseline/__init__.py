"""The baseline of a port: a file with the cases that it is known to fail, and why."""
