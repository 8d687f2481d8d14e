"""Rows of a workbook kept apart from it, so that single records can be read again; of a large one a process of its own does it."""
