"""Previews of the files that are kept back: what would become of each row, beside the file, before anything leaves."""
