"""Chaos: the whole platform under load and a seeded schedule of faults, and a ledger at the end."""
