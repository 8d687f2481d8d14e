"""Messages dropped as XML: read within limits, and compared with the enterprise of their folder."""
