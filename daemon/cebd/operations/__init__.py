"""What a person may ask of a station: questions, proofs and interventions, as functions with values in and out."""
