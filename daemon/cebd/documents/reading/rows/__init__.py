"""From the rows of a sheet to those of one record: rows without data are skipped, rows of one number joined, lines matched to heads."""
