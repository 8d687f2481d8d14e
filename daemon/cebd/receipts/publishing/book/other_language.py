"""Comments on the headings that cebd adds: what they say in the language that the workbook does not speak, and customs' words."""

from __future__ import annotations

from cebd.receipts.publishing.book.numbers import number_headings
from cebd.receipts.publishing.book.own_columns import OWN, Language, Own
from cebd.receipts.publishing.book.remarks import SheetRemarks

_MAX_WORDS = 20  # of customs, in the comment on their column


def heading_comments(remarks: SheetRemarks, language: Language) -> dict[str, str]:
    """By heading as it stands; nothing where both languages stand there anyway."""
    if language == "both":
        return {}
    other: Language = "zh" if language == "en" else "en"
    comments = {one.heading(language): one.heading(other) for one in OWN}
    numbers = (number_headings(remarks.type, one) for one in (language, other))
    comments |= dict(zip(*numbers, strict=True))
    heading = Own.CUSTOMS.heading(language)
    comments[heading] = "\n".join([comments[heading], *_words_of_customs(remarks)])
    return comments


def _words_of_customs(remarks: SheetRemarks) -> list[str]:
    """What customs have said on the sheet, each status once."""
    words = {one.customs.status: one.customs for one in remarks.records.values() if one.customs is not None}
    return [f"{code} {word.text_zh} = {word.text_en}" for code, word in sorted(words.items())][:_MAX_WORDS]
