"""A run on one page that opens offline: the verdict, why, where, and every number."""
