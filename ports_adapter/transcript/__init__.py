"""The transcript of a run: all that a port was asked and all that came back, line by line.

A file of JSON lines, gzipped if its name ends in `.gz`: a header, then an event a line in the
order in which they happened, and an `end` if the run came to its end. The first question after a
`start` is the introduction; what else follows a `case` belongs to that case.
"""
