"""What the customs side knows from its ledger, ready to be asked at speed: keys, lists, message ids, arrivals, earlier rejections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cebd.messages.relations import customs_number, customs_numbers
from cebd.sandbox.ledger import Entry
from cebd.sandbox.lists import KnownList, known_list
from cebd.sandbox.replies import STORED

Key = tuple[str, ...]
Numbers = dict[str, str]
Place = tuple[str, Key]


class Register:
    """Grows with the ledger; after a restart it is built from it anew."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.size = 0
        self.cancelled: set[str] = set()  # numbers of lists
        self._of_type: Counter[str] = Counter()
        self._known: dict[Place, Numbers] = {}
        self._lists: dict[str, KnownList] = {}
        self._rejected: Counter[Place] = Counter()
        self._message_ids: set[str] = set()
        self._arrivals: set[str] = set()
        self.enter(entries)

    def enter(self, entries: Iterable[Entry]) -> None:
        """Learn what the ledger was given."""
        for entry in entries:
            self.size += 1
            self._of_type[entry["type"]] += 1
            place = (entry["type"], tuple(entry["key"].values()))
            self._message_ids.add(entry["cop_msg_id"])
            self._arrivals.add(entry["arrival"])
            # A list that was only stored (appStatus 1) may still be declared.
            if entry["verdict"] == "accepted" and entry["status"] != STORED:
                self._known[place] = {name: entry[name] for name in ("preNo", *customs_numbers()) if name in entry}
                self._learn_of_list(entry)
            elif entry["verdict"] == "rejected":
                self._rejected[place] += 1

    def _learn_of_list(self, entry: Entry) -> None:
        if "list" in entry:
            number = entry[customs_number(entry["type"]) or ""]
            if entry["list"] is None:
                self._lists.pop(number, None)
            else:
                self._lists[number] = known_list(entry["list"])
        if "cancels" in entry:
            self.cancelled.add(entry["cancels"])

    def count(self, type_: str) -> int:
        """How many records of that type were entered, whatever became of them."""
        return self._of_type[type_]

    def known_list(self, invt_no: str) -> KnownList | None:
        """The list that customs gave that number."""
        return self._lists.get(invt_no)

    def numbers(self, place: Place) -> Numbers | None:
        """The numbers that record was given when it was accepted."""
        return self._known.get(place)

    def rejections(self, place: Place) -> int:
        """How often that record was rejected so far."""
        return self._rejected[place]

    def has_message(self, cop_msg_id: str) -> bool:
        """Whether an envelope with that CopMsgId was entered before."""
        return cop_msg_id in self._message_ids

    def has_arrival(self, arrival: str) -> bool:
        """Whether that very file was entered before."""
        return arrival in self._arrivals
