"""Files of numbers that people put into `inbox/查询/`: what they ask, and the workbook that answers."""
