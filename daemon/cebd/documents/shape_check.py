"""The schema asked of shapes: which elements a record has, and how many lines, is checked once; its texts are proved by our own checks.

A message fits its schema if its elements stand where the schema wants them, and each text is one that its element takes. Nothing in the
schemas of messages connects one text with another (`messages/simple_types.py` looks for that), so the two questions are apart:

| what | who says so |
| --- | --- |
| the texts of a record | our checks of cells, proved to imply the schema (`reading/cells/proof.py`) |
| the elements of a head, those of a line, how many lines | lxml, for each that is new in this file, on the first record that has it |
| the rest of the message: its root, who sends it | lxml, on the first message whole; it is the same in every message of the file |
| that the records have the shapes they tell of | the number of tags in the message's bytes |

A message with an element that is not proved, or with a record that does not tell its shape, is checked whole. So is the first one.
"""

from __future__ import annotations

from collections.abc import Sequence

from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS
from cebd.documents.reading.cells.proof import unproved_fields
from cebd.messages.compose import Sender, compose, is_canonical
from cebd.messages.description import MessageType
from cebd.messages.schema import Flaw, flaws, parse_xml
from cebd.records.record import Record

_FRAME = 6  # elements of a message beside its records: the root, BaseTransfer with its four


class ShapeCheck:
    """Knows which shapes the schema has accepted in a file. It is asked about one message after the other, by one thread."""

    def __init__(self, message: MessageType, sender: Sender) -> None:
        self._message = message
        self._sender = sender
        self._unproved = unproved_fields(message)
        made = sum(field.name in GENERATED_FIELDS for field in message.head_fields)
        self._head_width = len(message.head_fields) - made
        self._line_width = len(message.line_fields)
        self._elements_of_record = 1 + (message.head is not None) + made  # beside one for each field and for each line
        self._accepted: set[bytes] = set()
        self._heads: set[bytes] = set()
        self._lines: set[bytes] = set()
        self._line_counts: set[int] = set()

    def flaws(self, body: bytes, guid: str, records: Sequence[Record]) -> list[Flaw]:
        """Where the message of these records departs from its schema; empty when it fits. `body`: the message, composed with that guid.

        Raises AssertionError for a message that is not in canonical form, which is the form that is signed.
        """
        shapes = [record.shape for record in records]
        is_told = self._elements(shapes) * 2 == body.count(b"<")  # each has a start and an end tag
        if is_told and self._accepted.issuperset(shapes):
            return []
        is_proved = is_told and all(map(self._is_proved, shapes))
        checked = body
        if is_proved and self._accepted:
            new = {record.shape: record.xml for record in records if self._is_new(record.shape)}
            checked = compose(self._message, guid, list(new.values()), self._sender) if new else b""
        found = _flaws(checked) if checked else []
        if is_proved and not found:
            for shape in shapes:
                self._accept(shape)
        return found

    def _elements(self, shapes: Sequence[bytes]) -> int:
        """How many elements a message of records of these shapes has."""
        fields = b"".join(shapes)
        of_lines = len(fields) - len(shapes) * self._head_width
        lines = of_lines // self._line_width if self._line_width else 0
        return _FRAME + len(shapes) * self._elements_of_record + lines + fields.count(1)

    def _is_proved(self, shape: bytes) -> bool:
        """Whether our checks prove all texts of a record of that shape."""
        if shape in self._accepted:
            return True
        of_lines = len(shape) - self._head_width
        if self._unproved.frame or of_lines < 0 or (of_lines % self._line_width if self._line_width else of_lines):
            return False
        head, lines = self._parts(shape)
        return not any(head[at] for at in self._unproved.head) and not any(
            line[at] for line in lines for at in self._unproved.line
        )

    def _parts(self, shape: bytes) -> tuple[bytes, list[bytes]]:
        starts = range(self._head_width, len(shape), self._line_width or 1)
        return shape[: self._head_width], [shape[start : start + self._line_width] for start in starts]

    def _is_new(self, shape: bytes) -> bool:
        if shape in self._accepted:
            return False
        head, lines = self._parts(shape)
        return not (head in self._heads and len(lines) in self._line_counts and self._lines.issuperset(lines))

    def _accept(self, shape: bytes) -> None:
        if shape not in self._accepted:
            head, lines = self._parts(shape)
            self._accepted.add(shape)
            self._heads.add(head)
            self._lines.update(lines)
            self._line_counts.add(len(lines))


def _flaws(body: bytes) -> list[Flaw]:
    root = parse_xml(body, huge=True)
    found = flaws(root, unsigned=True)
    # A signature's digest is taken of the bytes as they are. Escapes are those of the canonical form, whatever the texts
    # (`tests/conformance/test_cells_imply_schemas.py` has every character there is), so this too is a question of shapes.
    if not found and not is_canonical(root, body):
        raise AssertionError("a composed message is not in canonical form")
    return found
