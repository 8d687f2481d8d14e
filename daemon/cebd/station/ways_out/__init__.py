"""What leaves a station: each signer and channel with its watcher, and the messages that wait for them."""
