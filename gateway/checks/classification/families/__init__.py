"""The recognizers and lexicons that ship, one file per family: data only."""
