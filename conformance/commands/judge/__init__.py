"""Commands that judge one port."""
