"""What machines may know of a running station: figures for Prometheus, whether it is well, a sign of life."""
