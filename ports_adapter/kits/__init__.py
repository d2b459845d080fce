"""Starter kits: small ports that build, speak the protocol and tokenize, for new ports."""

from .writing import KITS, Refused, Written, write_kit

__all__ = ["KITS", "Refused", "Written", "write_kit"]
