"""A Windows service, hosted by python.exe itself: nothing is imported here that only Windows has."""
