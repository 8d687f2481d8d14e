"""Questions, proofs and interventions of a person at a station, as functions with values in and out."""
