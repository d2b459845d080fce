"""Reports as a person reads them in a terminal."""
