"""A run on one page that opens offline: the verdict, why, where, and every number."""

from .debug_page import page_of

__all__ = ["page_of"]
