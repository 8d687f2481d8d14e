"""What the columns of a file with unknown headings may be, by evidence: a person decides of it."""
