"""Everything that touches a port: its manifest, process and protocol, kits, the suite's ports."""
