"""What listens at a running station, and by what others watch it."""
