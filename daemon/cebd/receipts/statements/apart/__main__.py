import sys

from cebd.receipts.statements.apart.serving import main

main(int(sys.argv[1]))
