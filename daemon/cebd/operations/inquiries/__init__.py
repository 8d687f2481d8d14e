"""What a person may ask of a station: how things stand, what is known of a file or number, what a code means."""
