"""Records, problems and drafts as plain tuples, and back. A record goes without its XML and its shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cebd.decisions.decision import Answers, Key, Told
from cebd.decisions.found import Found
from cebd.decisions.layout import KnownLayout, Proposal
from cebd.documents.checked_message import Draft, Misfit
from cebd.problems.problem import Place, Problem
from cebd.records.facts import Facts
from cebd.records.original_list import EarlierReturn, NamedList, OriginalList
from cebd.records.record import Record

# `Any`: what marshal has read. Both sides are the same version of cebd, so nothing is looked over twice.


def plain_records(records: Sequence[Record]) -> tuple[object, ...]:
    """A value of each kind for each record: whole columns are made and taken apart faster than records."""
    return (
        records[0].type,
        [record.key for record in records],
        [record.guid for record in records],
        [record.app_type for record in records],
        [tuple(record.place) for record in records],
        [record.rows for record in records],
        [record.content for record in records],
        [plain_problems(record.problems) if record.problems else () for record in records],
        [tuple(record.facts) for record in records],
        [
            None if (texts := record.texts) is None else (dict(texts[0]), list(map(dict, texts[1])))
            for record in records
        ],
        [None if record.asks is None else tuple(record.asks) for record in records],
    )


def records_of(plain: Any) -> list[Record]:
    code, *columns = plain
    return [
        Record(
            code,
            key,
            guid,
            app_type,
            Place._make(place),
            rows,
            "",
            content,
            problems_of(found),
            Facts._make(facts),
            texts,
            asks=None if asks is None else NamedList._make(asks),
        )
        for key, guid, app_type, place, rows, content, found, facts, texts, asks in zip(*columns, strict=True)
    ]


def plain_list(original: OriginalList) -> tuple[object, ...]:
    returned = tuple((one.number, dict(one.goods)) for one in original.returned)
    return original.number, original.file, dict(original.head), tuple(map(dict, original.lines)), returned


def list_of(plain: Any) -> OriginalList:
    number, file, head, lines, returned = plain
    return OriginalList(number, file, head, lines, tuple(map(EarlierReturn._make, returned)))


def plain_problems(problems: Iterable[Problem]) -> tuple[object, ...]:
    return tuple(
        [
            (
                one.id,
                one.severity,
                tuple(one.place),
                one.field,
                one.value,
                one.zh,
                one.en,
                one.fix_zh,
                one.fix_en,
                one.suggestion,
            )
            for one in problems
        ]
    )


def problems_of(plain: Any) -> tuple[Problem, ...]:
    return (
        tuple([Problem(id_, severity, Place._make(place), *rest) for id_, severity, place, *rest in plain])
        if plain
        else ()
    )


def plain_draft(draft: Draft) -> tuple[object, ...]:
    return draft.records, draft.guid, draft.body, tuple(map(tuple, draft.misfits))


def draft_of(plain: Any) -> Draft:
    records, guid, body, misfits = plain
    return Draft(records, guid, body, tuple(map(Misfit._make, misfits)))


def plain_found(found: Found) -> tuple[object, ...]:
    answers, proposal, layout = found
    told = tuple((tuple(one.key), *one[1:]) for one in answers.told)
    asked = None if proposal is None else proposal.as_text()
    return told, answers.who, answers.at, asked, None if layout is None else layout.as_text()


def found_of(plain: Any) -> Found:
    told, who, at, proposal, layout = plain
    return Found(
        Answers(tuple(Told(Key._make(key), *rest) for key, *rest in told), who, at),
        None if proposal is None else Proposal.from_text(proposal),
        None if layout is None else KnownLayout.from_text(layout),
    )
