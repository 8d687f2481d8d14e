import sys

from cebd.documents.worker.serving import main

main(int(sys.argv[1]))
