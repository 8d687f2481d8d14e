"""Workbooks of Excel 97 to 2003 (BIFF8 in an OLE compound file)."""
