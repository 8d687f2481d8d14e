"""Restoring a store that is older than what the station has done: what it does not know is learned again from what lies outside it."""
