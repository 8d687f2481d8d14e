import sys

from cebd.operations.inquiries.numbers.apart.serving import main

main(int(sys.argv[1]))
