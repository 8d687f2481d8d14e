"""What cebd lays into an enterprise's folder for its people: templates, the manual, a word on what each folder is for."""
