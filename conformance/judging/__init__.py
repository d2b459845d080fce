"""From an answer to a verdict: comparison, outcomes, and the model of a report."""
