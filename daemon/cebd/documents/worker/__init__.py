"""A process that has a large file and nothing else: it reads, composes and checks; the station's process asks and writes the store."""
