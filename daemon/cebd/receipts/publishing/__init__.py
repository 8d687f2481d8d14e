"""Files about a drop for people: receipt JSON and workbook, raw receipts, 状态.txt."""
