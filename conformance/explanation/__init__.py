"""Why a port is wrong: the first wrong place, the mistake's name, the smallest case."""
