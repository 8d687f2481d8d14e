"""From the sheets or the XML of a dropped file to records, each problem on its cell."""
