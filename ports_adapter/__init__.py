"""Everything that touches a port: its manifest, its process, the protocol, our own ports."""
