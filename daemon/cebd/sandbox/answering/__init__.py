"""What the simulated customs side says: receipts, notices and tax bills."""
