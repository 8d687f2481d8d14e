"""Restoring a store that is older than the station's work: it learns the missing work again from the files outside it."""
