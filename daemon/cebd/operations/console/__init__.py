"""What the console asks and does, as values: its accounts, drafts and what becomes of them, records found by any number."""
