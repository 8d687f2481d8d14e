"""Evidence of declarations in one file: what was dropped, signed, sent and answered, with a script that verifies it by Python alone."""
