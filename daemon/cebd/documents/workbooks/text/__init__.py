"""Tables in text files: their encoding and separator, quotes that pair wrongly, headings in two rows."""
