"""What the settings say, judged and told: what is wrong with them, what the machine lacks, what they mean."""
