"""What is proposed for fifty foreign layouts: no wrong column that is called sure, 95 % of all columns right.

./dev soak layouts [--count N]
"""

from __future__ import annotations

import argparse
from collections import Counter

from builders.foreign_layouts import foreign_layouts, name_of, proposed
from cebd.decisions.layout import Certainty

_NEEDED = 0.95


def main() -> int:
    asked = argparse.ArgumentParser(prog="./dev soak layouts", description=__doc__)
    asked.add_argument("--count", type=int, default=50)
    counted: Counter[str] = Counter()
    for layout in foreign_layouts(asked.parse_args().count):
        proposal = proposed(layout)
        counted["documents wrong"] += proposal.types[0] != layout.code
        for one, (heading, field) in zip(proposal.columns, layout.columns, strict=True):
            is_right, is_sure = name_of(one.field) == name_of(field), one.certainty is Certainty.SURE
            counted["columns"] += 1
            counted["right"] += is_right
            counted["sure"] += is_sure
            counted["sure and wrong"] += is_sure and not is_right
            if not is_right:
                print(f"{layout.name}: {heading} is {field}, proposed ({one.certainty}): {one.field}")
    share = counted["right"] / counted["columns"]
    print(", ".join(f"{count} {what}" for what, count in counted.items()), f"{share:.1%} right")
    return int(share < _NEEDED or counted["sure and wrong"] > 0 or counted["documents wrong"] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
