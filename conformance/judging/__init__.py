"""Judges answers: comparison, outcomes, the verdict, and the data model of a report."""
