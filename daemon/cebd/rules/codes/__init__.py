"""The customs parameter tables, and an enterprise's own in their place."""
