"""The signing endpoint: other stations, and programs that hide the buyer's data, have one text signed by this station's token."""
