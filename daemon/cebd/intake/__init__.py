"""Files come in: left alone until complete, claimed by rename, filed by rename."""
