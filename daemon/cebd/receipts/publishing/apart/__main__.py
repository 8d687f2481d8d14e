import sys

from cebd.receipts.publishing.apart.serving import main

main(int(sys.argv[1]))
