"""For a day: what stood here is in papers.py and clocks.py."""

from builders.clocks import StillClock
from builders.papers import CASES, OFFICIAL, PAPERS, ROOT, needs_official

__all__ = ["CASES", "OFFICIAL", "PAPERS", "ROOT", "StillClock", "needs_official"]
