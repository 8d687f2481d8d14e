"""The records of a receipt as lines of its JSON: what `ReceiptRecord.as_json` says, written without a mapping for each of 100,000."""

from __future__ import annotations

import json
from collections.abc import Callable

from cebd.receipts.publishing.receipt import CustomsNumbers, CustomsWord, ReceiptRecord
from cebd.records.states import ReturnedStatus

_encode = json.JSONEncoder(ensure_ascii=False).encode
_quoted: Callable[[str], str] = json.encoder.encode_basestring


class RecordLines:
    """Writes records, a line each; what customs say of many of them is written once."""

    def __init__(self) -> None:
        self._words: dict[tuple[object, ...], str] = {}
        self._keys: dict[tuple[str, ...], str] = {}

    def of(self, record: ReceiptRecord) -> str:
        """The JSON of the record."""
        place = record.place
        names = tuple(record.key)
        key = (self._keys.get(names) or self._key_of(names)) % tuple(map(_quoted, record.key.values()))
        rows = f"[{place.row}]" if place.rows == (place.row,) else list(place.rows)
        customs = "null" if record.customs is None else self._customs(record.customs, record.numbers)
        history = ", ".join(map(_returned, record.history))
        problems = _encode([problem.as_json() for problem in record.problems]) if record.problems else "[]"
        line = (
            f'{{"type": "{record.type}", "key": {{{key}}}, "place": {{"sheet": {_text(place.sheet)}, '
            f'"row": {"null" if place.row is None else place.row}, "rows": {rows}}}, '
            f'"state": "{record.state.value}", "guid": {_quoted(record.guid)}, "message": {_text(record.message)}, '
            f'"customs": {customs}, "history": [{history}], "problems": {problems}'
        )
        rest = record.rest_as_json()
        return f"{line}, {_encode(rest)[1:]}" if rest else f"{line}}}"

    def _key_of(self, names: tuple[str, ...]) -> str:
        """The pattern of keys with these names."""
        pattern = self._keys[names] = ", ".join(f"{_quoted(name)}: %s" for name in names)
        return pattern

    def _customs(self, word: CustomsWord, numbers: CustomsNumbers | None) -> str:
        said = word.status, word.text_zh, word.text_en, word.advice
        begin = self._words.get(said)
        if begin is None:
            values = {"status": word.status, "text_zh": word.text_zh, "text_en": word.text_en}
            advice = word.advice.as_json() if word.advice is not None else {}
            begin = self._words[said] = _encode({**values, **advice}).removesuffix("}")
        end = "" if numbers is None else f", {_encode(numbers.as_json())[1:-1]}"
        return f'{begin}, "info": {_text(word.info)}, "time": {_text(word.time)}{end}}}'


def _returned(returned: ReturnedStatus) -> str:
    status, info = _quoted(returned.status), _quoted(returned.info)
    return f'{{"status": {status}, "time": {_text(returned.time or None)}, "info": {info}}}'


def _text(value: str | None) -> str:
    return "null" if value is None else _quoted(value)
