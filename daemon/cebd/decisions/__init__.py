"""Decisions of people: what becomes of all rows with the same mistake. Plain values and functions: records in, decided records out."""
