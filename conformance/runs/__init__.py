"""One run from end to end: judge a port, debug it, replay a transcript, merge parts."""
