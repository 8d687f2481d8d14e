"""What a cell says: its text held against its field, what stands for an empty one, and the right value where it can be told."""
