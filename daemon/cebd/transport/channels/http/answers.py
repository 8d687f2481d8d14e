"""What an answer means by the tests of a profile. HTTP 200 with an error in its body is usual: the body decides."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from cebd.transport.channels.http.line import Answer
from cebd.transport.channels.http.profile import Send, Test

Meaning = Literal["accepted", "refused", "already", "unknown"]

_UNDECIDED_4XX = (408, 409, 425)  # the request may have been worked on, or is at this moment
_REASON_LENGTH = 300


@dataclass(frozen=True, slots=True)
class Judged:
    """`reason`: the other side's own words, for people."""

    meaning: Meaning
    reason: str = ""


def judge(answer: Answer, send: Send) -> Judged:
    """What it means for the message that was sent. Other answers of 400 to 499 than the profile knows refuse the request."""
    tests: tuple[tuple[Meaning, tuple[Test, ...]], ...] = (
        ("accepted", send.accepted),
        ("already", send.already),
        ("refused", send.refused),
    )
    for meaning, some in tests:
        for test in some:
            if passes(answer, test):
                return Judged(meaning, "" if meaning == "accepted" else _reason(answer, test))
    if 400 <= answer.status < 500 and answer.status not in _UNDECIDED_4XX:
        return Judged("refused", answer.shown())
    return Judged("unknown", answer.shown())


def passes(answer: Answer, test: Test) -> bool:
    """Whether every part of the test fits."""
    if test.status and answer.status not in test.status:
        return False
    if test.text is not None:
        return answer.text.strip() == test.text
    path = test.json_path or test.xpath
    if path is None:
        return True
    found = _found(answer, test, path)
    if found is None:
        return False
    if test.equals is not None:
        return found == test.equals
    return not test.one_of or found in test.one_of


def _reason(answer: Answer, test: Test) -> str:
    words = _found(answer, test, test.reason) if test.reason is not None else None
    return (" ".join(words.split())[:_REASON_LENGTH] if words else "") or answer.shown()


def _found(answer: Answer, test: Test, path: str) -> str | None:
    """The text at the path; None where there is nothing."""
    if test.xpath is not None:
        return at_xpath(answer.body, path, test.within)
    try:
        return at_path(json.loads(answer.text), path)
    except (ValueError, RecursionError):  # no JSON, or brackets by the thousand
        return None


def at_path(value: object, path: str) -> str | None:
    """The text at a path of names and numbers with dots between (`data.items.0.code`); true, false and numbers as JSON writes them."""
    for step in path.split(".") if path else ():
        if isinstance(value, dict) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    if value is None or isinstance(value, dict | list):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def at_xpath(body: bytes, path: str, within: str | None = None) -> str | None:
    """The text at an XPath; `within`: where another XML document stands as text in this one, which is then asked."""
    root = _parsed(body)
    if root is not None and within is not None:
        inner = _text_at(root, within)
        root = _parsed(inner.strip().encode()) if inner else None
    return None if root is None else _text_at(root, path)


def _parsed(body: bytes) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        # A text taken out of another document still says the encoding that it had by itself.
        body = text.partition("?>")[2].encode() if text.lstrip("\ufeff").startswith("<?xml") else body
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return root if root.getroottree().docinfo.internalDTD is None else None


def _text_at(root: etree._Element, path: str) -> str | None:
    try:
        result = root.xpath(path)
    except etree.XPathError:
        return None
    found = (result[0] if result else None) if isinstance(result, list) else result
    if isinstance(found, etree._Element):
        return "".join(str(piece) for piece in found.itertext()).strip()
    return None if found is None else str(found)
