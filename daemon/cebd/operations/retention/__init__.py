"""`cebd retention`: what the law no longer asks to be kept is removed."""
