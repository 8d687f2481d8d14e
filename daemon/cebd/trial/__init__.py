"""What it takes to try cebd without a token and without customs."""
