"""`cebd run` for which minutes are seconds: it says after a second what it says after minutes else, and waits ten for the rest of a file.

python tests/impatient_daemon.py CONFIG
"""

from __future__ import annotations

import sys

from cebd.cli.main import main
from cebd.intake import look
from cebd.intake.waits import Waits

if __name__ == "__main__":
    look.WAITS = Waits(said=1.0, cut=10.0, open=1.0, ignored=1.0, longest_pause=1.0)
    sys.argv = ["cebd", "run", "-c", sys.argv[1]]
    main()
