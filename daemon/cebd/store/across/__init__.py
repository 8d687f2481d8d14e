"""Questions and changes that concern several tables at once, each module for one purpose of the rooms above."""
