"""Tokens, for a person: which there are, what is on record, a trial signature."""
