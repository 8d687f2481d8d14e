"""The store: drops, records, messages, submissions and receipts; their bytes beside their states."""
