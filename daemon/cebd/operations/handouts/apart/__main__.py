import sys

from cebd.operations.handouts.apart.serving import main

main(int(sys.argv[1]))
