"""`cebd queue`: work in flight, and rows that wait for a person's decision."""
