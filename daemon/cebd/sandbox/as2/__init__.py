"""The simulated customs side as an AS2 partner."""
