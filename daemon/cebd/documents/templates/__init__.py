"""Workbooks to fill in, made from the descriptions of the messages."""
