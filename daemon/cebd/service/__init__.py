"""The door for service managers: systemd, and the one of Windows."""
