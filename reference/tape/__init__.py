"""The canonical program as a tape (a Wengert list): recorded once, replayed in any arithmetic."""
