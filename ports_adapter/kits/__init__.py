"""Starter kits: small ports that build, speak the protocol and tokenise, ready to be continued."""

from .writing import KITS, Refused, Written, write_kit

__all__ = ["KITS", "Refused", "Written", "write_kit"]
