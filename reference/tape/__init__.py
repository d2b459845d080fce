"""The canonical program as a Wengert list: recorded once, replayed in any arithmetic."""
