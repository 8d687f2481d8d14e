"""What a file is and how it is read, where its folder, the settings or a person say so."""

from __future__ import annotations

import contextlib
import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from cebd.decisions.decision import InForce
from cebd.documents.proposing.proposal import layout_of
from cebd.documents.reading.options import ColumnMapping, ReadingOptions, RecordOptions
from cebd.documents.workbooks.origin import Origin, origin_told_by
from cebd.documents.workbooks.sheet import Sheet
from cebd.enterprise import Enterprise
from cebd.messages.description import MessageType, message_type


def said_of(
    sheets: Sequence[Sheet], options: ReadingOptions, enterprise: Enterprise, name: str, inbox_folder: str | None
) -> tuple[MessageType | None, Mapping[str, ColumnMapping]]:
    """What the file is, where its folder, the settings or a person say so, and what its columns are."""
    wanted, mappings = _wanted(options, enterprise, name, inbox_folder)
    if is_known(options, inbox_folder) or (told := layout_of(sheets, options.layouts)) is None:
        return wanted, mappings
    message = message_type(told.type)
    return message, {**mappings, message.code: ColumnMapping(type=message.code, columns=dict(told.columns))}


def origin_of(path: Path, options: ReadingOptions, folder: str | None, name: str) -> Origin:
    """Inbox folder and name of a dropped file for its receipt; for a receipt workbook, those of its original file."""
    origin = origin_told_by(path)
    return replace(origin, folder=folder if is_known(options, folder) else origin.folder, name=origin.name or name)


def is_known(options: ReadingOptions, inbox_folder: str | None) -> bool:
    """Whether a subfolder of the inbox fixes how its files are read: it is named after a mapping or a declaration."""
    return inbox_folder is not None and (inbox_folder in options.mappings or _declaration(inbox_folder) is not None)


def _declaration(inbox_folder: str) -> MessageType | None:
    """The declaration of that code or name (`CEB311`, `order`)."""
    with contextlib.suppress(KeyError):
        message = message_type(inbox_folder)
        if message.role == "declaration" and inbox_folder in (message.name, message.code):
            return message
    return None


def record_options(
    options: ReadingOptions,
    enterprise: Enterprise,
    message: MessageType | None,
    mapping: ColumnMapping | None,
    decisions: InForce = MappingProxyType({}),
) -> RecordOptions:
    """The settings for reading this kind of record."""
    defaults = defaults_of_record(enterprise, message, mapping)
    summed = mapping.sum_per_order if mapping else ()
    return RecordOptions(
        defaults,
        summed,
        options.severities,
        options.figures,
        options.tables,
        enterprise.copCode,
        declare_hidden=enterprise.hidden_rows == "declare",
        decisions=decisions,
        corrections=options.of_file.cells,
    )


def defaults_of_record(
    enterprise: Enterprise, message: MessageType | None, mapping: ColumnMapping | None
) -> dict[str, str]:
    """The settings' defaults for empty cells; a mapping's default wins over the enterprise's."""
    defaults = {} if message is None else enterprise.defaults_of(message.code, message.name)
    return defaults | (mapping.defaults if mapping is not None else {})


def _goes_by(name: str, pattern: str) -> bool:
    """Whether a mapping is for files of that name. A receipt workbook goes by the name of its original file."""
    stem = name.removesuffix(".receipt.xlsx")
    return fnmatch.fnmatch(name, pattern) or (
        stem != name and fnmatch.fnmatch(stem, pattern.rpartition(".")[0] or pattern)
    )


def _wanted(
    options: ReadingOptions, enterprise: Enterprise, name: str, inbox_folder: str | None
) -> tuple[MessageType | None, dict[str, ColumnMapping]]:
    if inbox_folder is not None and inbox_folder in options.mappings:
        mapping = options.mappings[inbox_folder]
        message = message_type(mapping.type)
        return message, {message.code: mapping}
    mappings: dict[str, ColumnMapping] = {}
    for mapping_name in enterprise.mapping:
        mapping = options.mappings[mapping_name]
        if any(_goes_by(name, pattern) for pattern in mapping.files):
            mappings.setdefault(message_type(mapping.type).code, mapping)
    return None if inbox_folder is None else _declaration(inbox_folder), mappings
