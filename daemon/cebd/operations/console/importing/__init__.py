"""Files that people bring in on a page: what each is taken for, what is wrong in it, what would be sent."""
