"""The channel kind "http": requests to a regional platform, driven by a profile, which is data."""
