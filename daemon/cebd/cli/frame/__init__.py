"""What every command stands in: its options, its exit codes, the terminal it prints to, the log of a daemon."""
