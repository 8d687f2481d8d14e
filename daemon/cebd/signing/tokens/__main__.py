"""A process that has a token and nothing else: its library, its session, its PIN."""

import sys

from cebd.signing.tokens.serving import main

main(int(sys.argv[1]))
