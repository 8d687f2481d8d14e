"""Looking a station over: everything it needs, each a line with what is found and the command that mends it."""
