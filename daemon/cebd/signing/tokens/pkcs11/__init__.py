"""Tokens through their makers' PKCS#11 libraries."""
