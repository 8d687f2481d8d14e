"""`python -m cebd` is `cebd`."""

from cebd.cli.main import main

main()
