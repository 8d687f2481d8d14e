"""A day without a line while ten thousand records wait, in simulated time: all are final or explained at its end, the order of each file is
kept, the tries stay within their budget, and the line that is back is loaded little by little.

    ./dev soak outage --records 10000 --hours 24
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from builders.declared import an_open_store
from builders.outage import IN_A_MESSAGE, RETRY_BUDGET_A_DAY, Outage


def main() -> int:
    parser = argparse.ArgumentParser(description="A day without a line; nothing may be lost, doubled or left unsaid.")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--hours", type=float, default=24)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cebd-outage-") as name, an_open_store(Path(name)) as store:
        outage = Outage(Path(name), store, wanted.records)
        outage.pass_by(wanted.hours)
        tries, waited = outage.port.tries_in_vain, outage.explained()
        outage.port.is_down = False
        went = outage.pass_by(0.2)
        outage.answer_all_but_the_last()
        outage.name_overdue()
        states, left, arrived, files = outage.states(), outage.explained(), outage.arrived(), outage.by_file()
    messages = wanted.records // IN_A_MESSAGE
    broken = [
        what
        for what, is_kept in (
            ("a message waits without its reason", waited == {"CEBD-1601": messages}),
            ("more tries than the budget", tries <= RETRY_BUDGET_A_DAY * wanted.hours / 24 + 12),
            ("a message was lost, or came twice", len(arrived) == len(set(arrived)) == messages),
            (
                "the order of a file was not kept",
                all(sorted(file) == file for file in files),
            ),
            ("a record is neither final nor explained", states == {"succeeded": wanted.records - 100, "sent": 100}),
            ("the message without an answer is not named", left == {"CEBD-1718": 1}),
            ("everything went at once", went[:3] == [1, 2, 4]),
        )
        if not is_kept
    ]
    print(
        f"{messages} messages waited {wanted.hours:g} hours: {tries} tries in vain; then {went} at each look; "
        f"{states} ({time.monotonic() - began:.0f} s)",
        *broken,
        sep="\n",
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
