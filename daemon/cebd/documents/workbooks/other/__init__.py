"""Workbooks of other programs, read here: OpenDocument, the XML of Excel 2003, web pages with tables; and what Excel locked by habit."""
