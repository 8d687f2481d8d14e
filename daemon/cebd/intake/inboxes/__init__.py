"""What lies in the inboxes, and whether it is complete. Nothing is moved here."""
