import gc
import sys

gc.disable()  # to look for cycles takes a sixth of the import, and of what is imported there is nothing to let go

from cebd.documents.worker.serving import main  # noqa: E402

main(int(sys.argv[1]))
