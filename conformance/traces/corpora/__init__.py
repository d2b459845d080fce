"""The corpora that a traced program trains on, and what its tokens show of each."""
