"""Processes that work for this one: each is started for one piece of work, and gone with it or with this process."""
