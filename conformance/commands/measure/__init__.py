"""Commands that measure many ports, or the suite itself."""
