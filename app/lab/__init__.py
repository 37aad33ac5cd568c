"""The instruments: torch and numpy, nothing of HTTP. Usable from a notebook as they are."""
