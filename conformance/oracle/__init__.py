"""Right answers, computed by the reference, and the budgets of their numbers."""
