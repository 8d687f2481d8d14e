"""A declared record on its page: where it stands, what it states, and what may be done with it."""
