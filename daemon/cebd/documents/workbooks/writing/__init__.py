"""Sheets of the workbooks that cebd makes, written as the text of their XML."""
