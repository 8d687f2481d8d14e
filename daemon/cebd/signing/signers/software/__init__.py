"""The signer kind "software": a key in a file, for trials and tests."""
