"""Keeping a program that somebody else wrote in bounds: what it sees, takes and leaves behind."""
