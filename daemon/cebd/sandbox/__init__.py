"""The simulated customs side: judges messages by code of its own and answers as the real side does."""
