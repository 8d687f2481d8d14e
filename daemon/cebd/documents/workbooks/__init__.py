"""Workbooks and text tables as bytes: what kind a file is, its sheets read and written."""
