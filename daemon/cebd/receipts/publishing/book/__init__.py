"""The receipt workbook: the operator's sheets once more, with what became of each row."""
