"""How messages leave and receipts arrive. Every hand-over has three outcomes."""
