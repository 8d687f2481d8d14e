"""The meaning of customs' answers: the statuses of their returns, and the code book."""
