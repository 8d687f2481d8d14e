"""Workbooks as operators make them, right ones and wrong ones, with what is wrong written down beside each.

Everything is made from a seed. What a mistake must be called, and on which cell, is written down by the generator (`Planted`) and never
asked of the code under test.

    sheets.py     cells, rows, sheets, and where a field stands on them
    writing.py, other_writing.py   the same book as .xlsx, .xls, .csv; as .ods, XML Spreadsheet 2003, a web page, with a password
    goods.py      invented orders and inventory lists that are right
    forms.py      the headings and shapes in which they are written down
    layouts.py    the layouts of twenty platforms and ERPs
    kinds.py      what a kind of mistake is
    cell_mistakes.py, number_mistakes.py, people_mistakes.py, sheet_mistakes.py, beside_data.py, rule_mistakes.py, form_mistakes.py,
    no_workbooks.py   the kinds
    making.py     a file from a seed
    judging.py    what `cebd check` says of a file, held against what was planted
"""
