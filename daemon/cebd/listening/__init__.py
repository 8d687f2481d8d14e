"""What listens: ASGI applications served by a thread of the daemon, each at an address of its own."""
