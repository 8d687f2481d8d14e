"""The signer kind "remote": the token of another station, asked for each signature."""
