"""What cebd writes into workbooks of its own and knows again when they are dropped back: headings, sheets, the example of a template."""

from __future__ import annotations

OWN_HEADING = "[cebd]"  # how the headings begin of columns that are ours and are not read
FILE_SHEET = "cebd 文件 File"
RECORDS_SHEET = "cebd 记录 Records"
CHANGE_HEADING = "报送类型 appType"  # a column that a receipt offers; one that means the same without it goes before
EXAMPLE = "示例 example"  # a row with a cell of just this text is the example of a template
# Properties of a receipt workbook: how the file came that it is the receipt of, so that it is read in the same way when it is dropped back.
ORIGIN_FOLDER = "cebd inbox folder"
ORIGIN_NAME = "cebd file name"
