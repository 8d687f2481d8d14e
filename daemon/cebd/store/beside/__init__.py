"""What the store keeps beside declarations."""
