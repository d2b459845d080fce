"""Records and replays transcripts: all questions to a port and all its answers.

A transcript is a file of JSON lines, compressed if its name ends in `.gz`. It has a header, then
one event per line in order, and an `end` if the run was not interrupted. The first question
after a `start` is `initialize`; other events after a `case` belong to that case.
"""
