"""Surveys of many ports, or of the suite itself: scoreboard, benchmark, stages, score."""
