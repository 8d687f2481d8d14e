"""Checks of a record against what the station declared before, and what those declarations prove."""
