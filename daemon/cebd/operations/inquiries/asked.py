"""Answers to files without rows in an inbox (`cebd.intake.asked`), in the words of an operator: no command, no settings key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cebd.customs.customs_codes import for_people
from cebd.intake.inboxes.wishes import Asked, Wish, may_be_a_number, words_of
from cebd.messages.description import message_type
from cebd.receipts.publishing.book.remarks import ENDS
from cebd.receipts.publishing.book.styles import WORDS
from cebd.receipts.publishing.drop_receipt import meaning_of
from cebd.records.states import DropOutcome, State
from cebd.store.across.finding.listings import ListedDrop, ListedRecord, record_rows
from cebd.store.across.finding.pages import Filter, drop_page
from cebd.store.across.finding.references import records_numbered
from cebd.store.store import Store

Texts = tuple[str, str]

_FILES, _RECORDS, _NUMBERS = 20, 50, 50  # in an answer, at most
_OUTCOMES: dict[DropOutcome | None, Texts] = {
    None: ("正在处理", "is being worked on"),
    DropOutcome.DONE: ("已处理", "is processed"),
    DropOutcome.ERROR: ("读不了，在 error 文件夹", "cannot be read; it lies in error"),
    DropOutcome.HOLD: ("整份暂缓，在 hold 文件夹", "is held as a whole; it lies in hold"),
}


class Doing(NamedTuple):
    """What the station does for an answer, each for the enterprise of that name.

    `state`: every trouble, each in a line. `try_now`: what waits is tried at once. `hand_out`: the templates are put in their place;
    their names.
    """

    state: Callable[[str], list[Texts]]
    try_now: Callable[[str], None]
    hand_out: Callable[[str], list[str]]


class Answers:
    """Answers in `language`: "zh", "en" or "both"."""

    def __init__(self, store: Store, doing: Doing, language: str) -> None:
        self._store = store
        self._doing = doing
        self._language = language

    def answer(self, enterprise: str, wish: Wish) -> str:
        """Do what is asked and say what came of it. Raises TransactionFailed; OSError where a folder cannot be written."""
        lines = list(self._lines(enterprise, wish))
        texts = []
        if self._language != "en":
            texts.append("\n".join(zh for zh, _ in lines))
        if self._language != "zh":
            texts.append("\n".join(en for _, en in lines))
        return "\n\n".join(texts)

    def _lines(self, enterprise: str, wish: Wish) -> Iterator[Texts]:
        match wish.asked:
            case Asked.STATUS:
                yield from self._doing.state(enterprise)
                yield from self._latest(enterprise)
            case Asked.QUERY if wish.text:
                yield from self._found(enterprise, wish.text)
            case Asked.QUERY:
                yield from self._latest(enterprise)
                yield (
                    "要查某个文件或某一单：在这个文件里写一行文件名或编号（订单、运单、清单编号），再放一次。",
                    "To ask after one file or declaration, write its name or number (order, waybill, list) into this file "
                    "and drop it again.",
                )
            case Asked.RETRY:
                self._doing.try_now(enterprise)
                yield (
                    "已重新尝试等待中的签名和发送；已发送的不会重复申报。现在的情况：",
                    "What waits to be signed or sent is tried now; nothing is declared twice. How things stand:",
                )
                yield from self._doing.state(enterprise)
            case Asked.TEMPLATE:
                names = self._doing.hand_out(enterprise)
                yield "模板和操作手册在“模板”文件夹：", "The templates and the manual lie in the folder 模板:"
                for name in names:
                    yield f"  {name}", f"  {name}"
                yield "填好后另存，放入 inbox。", "Fill one in, save it under a name of yours and drop it into inbox."

    def _latest(self, enterprise: str) -> Iterator[Texts]:
        with self._store.read() as transaction:
            files = drop_page(transaction, Filter(enterprise=enterprise), _FILES).rows
        if not files:
            yield "还没有收到文件。", "No file has been taken yet."
            return
        yield f"最近的 {len(files)} 个文件：", f"The latest files ({len(files)}):"
        for file in files:
            yield _file(file)

    def _found(self, enterprise: str, text: str) -> Iterator[Texts]:
        files, records = self._named(enterprise, text)
        words = words_of(text)
        if not files and not records and len(words) > 1 and any(map(may_be_a_number, words)):
            yield from self._each_found(enterprise, words)
            return
        yield f"查询：{text}", f"Asked after: {text}"
        yield from _said(files, records)

    def _each_found(self, enterprise: str, words: Sequence[str]) -> Iterator[Texts]:
        """Of several numbers, and perhaps words between them: what became of each that is known, or looks like a number."""
        numbers = list(dict.fromkeys(words))
        for number in numbers[:_NUMBERS]:
            files, records = self._named(enterprise, number)
            if files or records or may_be_a_number(number):
                yield f"查询：{number}", f"Asked after: {number}"
                yield from _said(files, records)
        if len(numbers) > _NUMBERS:
            yield (
                f"这样一次只答 {_NUMBERS} 个；其余的请放入 inbox/查询/，一次最多 50,000 个。",
                f"{_NUMBERS} are answered this way; drop the others into inbox/查询/, 50,000 at most at once.",
            )

    def _named(self, enterprise: str, text: str) -> tuple[list[ListedDrop], list[ListedRecord]]:
        """The files of that name and the declarations of that number: an order's number may be that of some file, too."""
        with self._store.read() as transaction:
            named = drop_page(transaction, Filter(enterprise=enterprise, file=text), _FILES).rows
            found = record_rows(transaction, records_numbered(transaction, text))
        files = [file for file in named if file.file == text]
        return files, [record for record in reversed(found) if record.enterprise == enterprise][:_RECORDS]


def _said(files: Sequence[ListedDrop], records: Sequence[ListedRecord]) -> Iterator[Texts]:
    if not files and not records:
        yield "  没有这个文件名或编号。", "  There is no file of that name and no declaration of that number."
    for file in files:
        yield _file(file)
    for record in records:
        yield from _record(record)


def _file(file: ListedDrop) -> Texts:
    zh, en = _OUTCOMES[file.outcome]
    counts = [(count, *_word(State(state))) for state, count in file.counts.items()]
    at = file.received[:16].replace("T", " ")
    in_zh = "，".join(f"{count} 单{word}" for count, word, _ in counts)
    in_en = ", ".join(f"{count} {word}" for count, _, word in counts)
    return f"  {at}  {file.file}  {zh}　{in_zh}".rstrip(), f"  {at}  {file.file}  {en}  {in_en}".rstrip()


def _record(record: ListedRecord) -> Iterator[Texts]:
    message = message_type(record.type)
    end = ENDS.get(record.status or "") if record.state is State.SUCCEEDED else None
    word = _word(record.state) if end is None else (end.zh, end.en)
    where = (f"，第 {record.row} 行", f", row {record.row}") if record.row else ("", "")
    yield (
        f"  {message.zh}：{word[0]}（{record.file}{where[0]}）",
        f"  {message.en}: {word[1]} ({record.file}{where[1]})",
    )
    if record.status:
        entry = meaning_of(record.type, record.state, record.status, record.info)
        at, info = (record.time or "")[:19].replace("T", " "), for_people(record.info or "")
        yield (
            f"    回执 {record.status} {entry.zh}　{at}　{info}",
            f"    answer {record.status} {entry.en}  {at}  {info}",
        )
        if entry.todo:
            yield f"    怎么办：{entry.next_zh}", f"    to do: {entry.next_en}"
    numbers = [number for number in (record.pre_no, record.invt_no) if number]
    if numbers:
        yield f"    海关编号：{'、'.join(numbers)}", f"    numbers of customs: {', '.join(numbers)}"


def _word(state: State) -> Texts:
    word = WORDS.get(state)
    return (word.zh, word.en) if word is not None else ("重复", "repeat")


__all__ = ["Answers", "Doing"]
