"""Checks about inventory lists: what a list rests on, and the applications that name one."""
