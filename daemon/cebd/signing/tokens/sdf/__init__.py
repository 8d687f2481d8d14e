"""Crypto machines and cards through SDF, the interface of GM/T 0018."""
