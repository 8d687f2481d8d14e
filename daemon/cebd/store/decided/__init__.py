"""What people decided: of equal mistakes, and of headings that nobody knew."""
