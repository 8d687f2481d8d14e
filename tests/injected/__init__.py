"""Faults that are made for real at a running station, and what an administrator reads of each in the first three lines of `cebd status`."""
