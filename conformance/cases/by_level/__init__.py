"""The cases of each level, one module a level or a kind of question."""
