"""Workbooks of Excel 2007 and later (Office Open XML), read in pieces."""
