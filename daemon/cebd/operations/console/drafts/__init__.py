"""Drafts of the console: judged, declared, and watched where two pages have one open."""
