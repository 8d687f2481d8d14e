"""What people have said of headings (`映射 NAME.xlsx`): which, when, who, whether it counts, and how it is taken back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cebd.messages.description import message_types
from cebd.operations.inquiries.lookup import reading
from cebd.operations.text import Text
from cebd.store.decided.layouts import KeptLayout, kept_layouts

HOW_TO_TAKE_BACK = Text(
    "要撤回：打开该文件的“映射”工作簿（在 outbox 或 done 中），单证类型选“撤回以前的对应”，保存后放入 inbox。",
    "To take one back: open the workbook 映射 of that file (in the outbox or in done), choose “take back what was said” as its document, "
    "save, and drop it into the inbox.",
)


@dataclass(frozen=True, slots=True)
class ToldLayout:
    """What was said of the headings of the file `name`.

    `type` and `document`: the message code and its name; empty and None where it took back what was said before. `fields`: by heading the
    field (`OrderHead/currency`), or `-`; `ended`: since when it does not count (ISO 8601).
    """

    enterprise: str
    name: str
    type: str
    document: Text | None
    who: str
    at: str
    ended: str | None
    fields: Mapping[str, str]

    def as_json(self) -> dict[str, object]:
        """For `layouts --json`."""
        return {
            "enterprise": self.enterprise,
            "file": self.name,
            "type": self.type or None,
            "by": self.who,
            "at": self.at,
            "ended": self.ended,
            "fields": dict(self.fields),
        }


def told_layouts(store_dir: Path, enterprise: str | None = None, *, ended: bool = False) -> list[ToldLayout]:
    """Those that count, the latest first; with `ended` those that do not, too. Raises StoreError."""
    with reading(store_dir) as transaction:
        kept = kept_layouts(transaction, enterprise)
    return [_told(one) for one in kept if ended or one.ended is None]


def _told(kept: KeptLayout) -> ToldLayout:
    layout = kept.layout
    message = message_types().get(layout.type) or message_types(export=True).get(layout.type)
    document = (
        None if not layout.type else Text(layout.type, layout.type) if message is None else Text(message.zh, message.en)
    )
    return ToldLayout(
        kept.enterprise, layout.name, layout.type, document, layout.who, layout.at, kept.ended, layout.columns
    )
