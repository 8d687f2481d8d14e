"""Descriptions of messages as values, read from their schemas or kept beside these."""
