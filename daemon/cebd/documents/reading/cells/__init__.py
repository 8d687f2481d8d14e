"""Cells: their texts checked against their fields, the defaults of empty cells, and the right value where it can be proved."""
