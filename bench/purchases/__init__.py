"""Purchases of four documents each, right ones and with a mistake in one of them; and what is found in them."""
