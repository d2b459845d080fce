"""Right answers, computed by the reference program, and the budgets of their numbers."""
