"""Every form of a report, all made from one summary of the run."""
