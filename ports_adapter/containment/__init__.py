"""Runs other people's programs with limits, a clean environment and a sandbox, and cleans up."""
