"""How good the suite itself is: what it catches, what it names, whom it alarms for nothing."""
