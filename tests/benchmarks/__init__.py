"""Programs to measure ours against."""
