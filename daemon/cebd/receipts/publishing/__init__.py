"""What a person gets to see of a drop: receipt JSON and workbook, raw receipts, 状态.txt."""
