"""Answers of customs: stored raw, matched by business keys, applied in the customs' order of time, published."""
