"""Alarms: the troubles of the store told to people by mail and webhook, grouped, not too often, and taken back once."""
