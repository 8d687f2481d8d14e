"""Shared by every command: options, exit codes, the terminal's encoding, the daemon's log."""
