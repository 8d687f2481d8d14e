"""Workbooks and text tables as bytes: the kind of a file, its sheets read and written."""
