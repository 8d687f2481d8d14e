"""The messages of the specification: described by `schemas/`, composed, parsed, put into envelopes."""
