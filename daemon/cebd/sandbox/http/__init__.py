"""The simulated customs side over HTTP: what a regional platform's interface looks like from outside, in four shapes."""
