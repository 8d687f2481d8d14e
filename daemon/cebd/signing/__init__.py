"""XMLDSig as customs want it, and the signers that hold the keys."""
