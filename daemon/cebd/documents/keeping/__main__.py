import sys

from cebd.documents.keeping.serving import main

main(int(sys.argv[1]))
