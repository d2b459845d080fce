"""Examining the machine: what the suite needs, protection from ports, toolchains."""
