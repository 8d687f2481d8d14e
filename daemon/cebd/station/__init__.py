"""A running station: its life, its stages, its watchers and timers."""
