"""The kinds of signers, one module each, and what they share."""
