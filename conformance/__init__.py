"""Asks a port what the canonical program knows, and says where it first goes wrong."""
