"""What customs' words mean: the statuses of their returns, and the code book."""
