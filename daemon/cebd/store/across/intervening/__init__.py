"""What a person's decision changes: holding back, another signer, another token."""
