"""The simulated customs side behind a message broker."""
