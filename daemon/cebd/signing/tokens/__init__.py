"""Tokens, each in a process of its own: what the two sides say to one another, the guard over the PIN, and the drivers."""
