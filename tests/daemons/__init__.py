"""`cebd run` in ways of its own: scripts that change cebd before it runs, each in a process of its own."""
