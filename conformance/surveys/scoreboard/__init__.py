"""Many ports on one board: who passes what, how fast, and what has changed."""
