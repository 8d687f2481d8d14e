"""New passwords: which are refused, as they are guessed first or stand among those of breaches."""
