"""Answers to files of numbers, made in a process of its own: such a file may be anything."""
