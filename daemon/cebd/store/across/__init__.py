"""Queries and changes over several tables; every module serves a purpose of the rooms above."""
