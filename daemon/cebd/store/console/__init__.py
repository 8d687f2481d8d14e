"""What the console keeps: its accounts and their sessions, keys of programs, drafts that nobody has declared yet."""
