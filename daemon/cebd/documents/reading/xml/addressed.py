"""The sender of a dropped message, compared with the enterprise into whose folder it was dropped."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from lxml import etree

from cebd.enterprise import Enterprise
from cebd.messages.description import CEB
from cebd.messages.schema import stated
from cebd.problems.problem import Place, Problem, problem

_NOBODY = "-"  # stands for all of it where a file is checked without settings: there is nothing to compare with


def of_another(root: etree._Element, enterprise: Enterprise) -> Iterator[Problem]:
    """Where the message names another sender: its code or transfer number differ (errors), or its name (a warning)."""
    transfer = root.find(f"{{{CEB}}}BaseTransfer")
    if transfer is None:
        return  # which the schema refuses
    for name, own in (("copCode", enterprise.copCode), ("dxpId", enterprise.dxpId), ("copName", enterprise.copName)):
        element: Any = transfer.find(f"{{{CEB}}}{name}")
        said = stated(element) if element is not None else ""
        if element is None or not said or own == _NOBODY:
            continue
        alike = _plain(said) == _plain(own) if name == "copName" else said == own
        if not alike:
            id_ = "CEBD-1073" if name == "copName" else "CEBD-1072"
            yield problem(
                id_, Place(row=int(element.sourceline or 0)), value=said, name=name, own=own, enterprise=enterprise.name
            )


def _plain(name: str) -> str:
    """A name without differences of typing: the width of brackets and letters, blanks, capitals."""
    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()
