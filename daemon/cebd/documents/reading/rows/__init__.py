"""From the rows of a sheet to the rows of a record: skips rows without data, joins rows with the same number, matches lines to heads."""
