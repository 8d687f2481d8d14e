"""Named problems: a stable id, a place, and four texts in Chinese and English."""
