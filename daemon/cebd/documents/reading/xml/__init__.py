"""Messages dropped as XML: read within limits, and held against the enterprise whose folder they lay in."""
