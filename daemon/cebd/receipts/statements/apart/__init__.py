"""Large statements, made in a process of their own: nothing else of the station waits for them."""
