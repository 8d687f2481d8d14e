"""`cebd queue`: work in flight, and what waits for a person's decision."""
