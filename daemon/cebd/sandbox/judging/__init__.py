"""What the simulated customs side makes of a message: envelope, signature, schema, and each record against what it has already."""
