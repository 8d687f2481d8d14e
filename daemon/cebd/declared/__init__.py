"""Checks of a record against the station's earlier declarations, and proofs from those declarations."""
