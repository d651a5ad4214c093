"""`make screenshots`: every page and state, from fixed data by a fixed clock: two runs give equal files."""
