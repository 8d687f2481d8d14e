"""Finding among a million records: lists by any filter, page by page; and whatever carries a number that a person has."""
