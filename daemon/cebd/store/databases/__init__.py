"""What keeps the tables: a database, how it is made and brought up to date."""
