"""What people ask of the station by a file without rows, and the texts of cebd's own that lie in inboxes."""
