"""What a message waits for before it is sent, who signs it, and what is sent once more."""
