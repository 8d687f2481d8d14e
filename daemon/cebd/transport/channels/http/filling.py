"""The facts that a profile's texts name in braces, and the texts filled with them.

| fact | is |
| --- | --- |
| `message`, `type` | `CEB311Message`, `CEB311` |
| `message_id`, `file_name` | the CopMsgId, the name that the message has as a file |
| `time` | when the message was made, in China Standard Time; `{time:%Y%m%d}` says the form |
| `sender`, `receiver` | of the envelope, where the message has one |
| `base64`, `text`, `cdata` | the message, three ways; `cdata` is for XML |
| `inner` | what the profile's own `inner` gives |
| `since`, `href`, a column | where receipts are asked for |

A message's facts are the message's own: sent again it gives the same bytes.
"""

from __future__ import annotations

import re
import string
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import escape

from cebd.transport.channel import ChannelError, Handover

_CST = timezone(timedelta(hours=8))
_MADE = (re.compile(rb"CreatTime>\s*([^<\s]+)\s*<"), re.compile(rb"appTime>\s*([0-9]{14})\s*<"))
_PARTIES = {name: re.compile(f"{name}>\\s*([^<\\s]+)\\s*<".encode()) for name in ("SenderId", "ReceiverId")}
_LOOKED_AT = 4096  # bytes at the beginning of an envelope

Facts = Mapping[str, str | datetime]


class _Filler(string.Formatter):
    """Fills in facts by their plain names; nothing of an object can be reached."""

    def get_field(
        self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> tuple[Any, str]:  # Formatter's own types
        del args
        return kwargs[field_name], field_name


_FILLER = _Filler()


def fill(template: str, facts: Facts) -> str:
    """The text with its facts. Raises ChannelError (CEBD-1913) for a fact that there is not."""
    if "{" not in template and "}" not in template:
        return template
    try:
        return _FILLER.vformat(template, (), facts)
    except KeyError as error:
        name = error.args[0]
        raise ChannelError(
            "CEBD-1913",
            f"the profile asks for {name}, which neither the message nor values and secrets of the settings have",
            f"profile 用到 {name}，但报文中没有，设置的 values 和 secrets 里也没有",
        ) from None
    except (ValueError, IndexError) as error:
        raise ChannelError("CEBD-1913", f"a text of the profile cannot be filled in: {error}") from None


def in_xml(facts: Facts) -> dict[str, str | datetime]:
    """The same facts for a text that is XML."""
    return {name: escape(fact) if isinstance(fact, str) and name != "cdata" else fact for name, fact in facts.items()}


def facts_of(handover: Handover, values: Mapping[str, str]) -> dict[str, str | datetime]:
    """The facts of a message. `values`: those of the settings, secrets among them; a message's own go before them."""
    message = handover.name.partition("_")[0]
    content = handover.content
    begun = content[:_LOOKED_AT]
    parties = {"sender": "SenderId", "receiver": "ReceiverId"}
    found = {name: match.group(1).decode() for name, tag in parties.items() if (match := _PARTIES[tag].search(begun))}
    return {
        **values,
        **{name: party for name, party in found.items() if name not in values},
        "message": message,
        "type": message.removesuffix("Message"),
        "message_id": handover.message_id,
        "file_name": handover.name,
        "time": _made(content),
        "base64": b64encode(content).decode("ascii"),
    }


def with_texts(facts: Facts, content: bytes) -> dict[str, str | datetime]:
    """With the message as text, too: for wraps that carry it so."""
    text = content.decode("utf-8")
    return {**facts, "text": text, "cdata": f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"}


def _made(content: bytes) -> datetime:
    """When it was made, by what it says itself; a message that says nothing of it is of 1970."""
    begun = content[:_LOOKED_AT]
    created = _MADE[0].search(begun)
    try:
        if created:
            stated = datetime.fromisoformat(created.group(1).decode())
            return stated.astimezone(_CST) if stated.tzinfo else stated.replace(tzinfo=_CST)
        applied = _MADE[1].search(content)
        if applied:
            return datetime.strptime(applied.group(1).decode(), "%Y%m%d%H%M%S").replace(tzinfo=_CST)
    except ValueError:
        pass
    return datetime.fromtimestamp(0, _CST)
