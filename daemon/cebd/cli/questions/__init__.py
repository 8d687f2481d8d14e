"""Commands that answer questions; what they write, if anything, is a file that was asked for."""
