"""The long campaigns (`./dev soak NAME`)."""
