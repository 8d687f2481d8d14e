"""Statements: workbooks of a month or a day in the outbox, beside the receipts of single files."""
