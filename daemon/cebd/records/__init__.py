"""Values that every room speaks of: the record, its key, its state, amounts."""
