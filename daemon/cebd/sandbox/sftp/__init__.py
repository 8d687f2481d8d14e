"""The simulated customs side at the end of an SFTP channel."""
