"""`make bench-suppliers`: a registry of a million suppliers: import, rescoring of all cases, search."""
