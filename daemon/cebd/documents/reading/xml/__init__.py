"""Messages dropped as XML: read within limits, and compared with the enterprise whose folder they lay in."""
