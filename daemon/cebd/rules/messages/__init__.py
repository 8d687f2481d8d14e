"""The business rules of each message, a module for one message or for two that belong together."""
