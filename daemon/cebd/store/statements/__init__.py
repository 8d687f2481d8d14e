"""What the workbooks of a month or a day are made of (`cebd.receipts.statements`), and which of them are behind."""
