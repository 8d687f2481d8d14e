"""The store: what is known of drops, records, messages, submissions and receipts; bytes beside the state that speaks of them."""
