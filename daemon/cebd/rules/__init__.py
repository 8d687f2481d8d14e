"""The checks of a record by itself: code tables, business rules, figures of the law."""
