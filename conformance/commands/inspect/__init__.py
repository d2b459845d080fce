"""Commands that show what the suite asks, why, and what this machine has for it."""
