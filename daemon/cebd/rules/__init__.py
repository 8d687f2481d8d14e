"""What makes a record fit to be declared: problems with their texts, code tables, business rules."""
