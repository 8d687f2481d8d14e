"""Questions of a person to a station: its status, the history of a file or number, the meaning of a code."""
