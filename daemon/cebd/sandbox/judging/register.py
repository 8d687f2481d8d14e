"""What the customs side knows from its ledger, ready to be asked at speed: keys, lists, message ids, arrivals, earlier rejections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import NamedTuple

from cebd.messages.relations import customs_number, customs_numbers
from cebd.sandbox.answering.replies import STORED, Name
from cebd.sandbox.judging.four_documents import Key, StatedDocuments
from cebd.sandbox.judging.lists import KnownList, known_list
from cebd.sandbox.ledger import Entry

Numbers = dict[str, str]
Place = tuple[str, Key]


class Waiting(NamedTuple):
    """A declaration that waits for its list. `head`: its key and guid; `receiver`: whom the answers go to."""

    type: str
    head: dict[str, str]
    receiver: str


class Register:
    """Grows with the ledger; after a restart it is built from it anew."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.size = 0
        self.cancelled: set[str] = set()  # numbers of lists
        self.documents = StatedDocuments()
        self._of_type: Counter[str] = Counter()
        self._known: dict[Place, Numbers] = {}
        self._lists: dict[str, KnownList] = {}
        self._listed: set[tuple[str, Name]] = set()
        self._waiting: dict[tuple[str, Name], dict[Place, Waiting]] = {}
        self._waits_for: dict[Place, tuple[str, Name]] = {}
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
                if entry.get("deleted"):
                    del self._known[place]
                self._learn_of_list(entry)
                self._learn_of_waiting(place, entry)
                if "stated" in entry:
                    self.documents.learn(*place, entry, entry.get(customs_number(entry["type"]) or "", ""))
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
            self.documents.forget_list(entry["cancels"])

    def _learn_of_waiting(self, place: Place, entry: Entry) -> None:
        for name in entry.get("names", ()):
            listed = (entry["type"], tuple(name))
            self._listed.add(listed)
            self._waiting.pop(listed, None)
        before = self._waits_for.pop(place, None)
        if before is not None:
            self._waiting.get(before, {}).pop(place, None)
        if "waits_for" in entry:
            list_type, *name = entry["waits_for"]
            listed = self._waits_for[place] = (list_type, tuple(name))
            head = {**entry["key"], "guid": entry["guid"]}
            self._waiting.setdefault(listed, {})[place] = Waiting(entry["type"], head, entry["receiver"])

    def is_listed(self, list_type: str, name: Name) -> bool:
        """Whether a list of that type that names it was declared."""
        return (list_type, name) in self._listed

    def waiting(self, list_type: str, name: Name) -> Collection[Waiting]:
        """The declarations that wait for a list of that type that names them."""
        return self._waiting.get((list_type, name), {}).values()

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
