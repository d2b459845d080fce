"""Many ports, or the suite itself: scoreboard, benchmark, stages, and the suite's score."""
