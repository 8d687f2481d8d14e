"""What to do next, said to whoever reads it on a page: nothing is laid into a folder there, and what a sheet asks for has its place on the
page."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum

from cebd.problems.problem import Problem, catalogue

_LAY_IN = re.compile(r"放入该企业自己的 inbox|放入收件文件夹|放入 inbox|放入")
_DROP = re.compile(
    r"\b[Dd]rop (it|that|each part|this \w+|the (?:declaration itself|message inside the envelope|Excel workbook|\w+))\b( again)?"
)
_MENDED = re.compile(r"改好重新放入")
_MEND = re.compile(r"\b([Mm])end (the wrong document|a wrong amount) and drop it again")
_OF_RECORDS = ("CEBD-13", "CEBD-14")  # said of a document, which is mended and declared where it is read
_OTHERS_INBOX = " into the inbox of its enterprise"


class Page(Enum):
    """Where it is read, and with which words something is declared there once it is mended."""

    IMPORT = ("导入", "选择该企业后导入", "bring {what} in{again}", "bringing it in")
    FORM = ("申报", "为该企业申报", "declare {what}{again}", "declaring it")


def on_page(found: Problem, page: Page) -> Problem:
    """The problem with what to do next on that page."""
    entry = catalogue().get(found.id, {})
    if "page_zh" in entry:
        return replace(found, fix_zh=entry["page_zh"], fix_en=entry["page_en"])
    of_record = found.id.startswith(_OF_RECORDS)
    verb, for_enterprise, form, doing = (Page.FORM if of_record else page).value

    def laid_in(phrase: re.Match[str]) -> str:
        return for_enterprise if "企业" in phrase[0] else verb

    def dropped(phrase: re.Match[str]) -> str:
        said = form.format(what=phrase[1], again=phrase[2] or "")
        return said[0].upper() + said[1:] if phrase[0][0] == "D" else said

    in_english = found.fix_en.replace("Copy the file into the inbox again", "Drop the file again")
    in_english = _DROP.sub(dropped, _MEND.sub(r"\1end \2 here", in_english))
    in_english = in_english.replace(_OTHERS_INBOX, " for its enterprise").replace("dropping it", doing)
    return replace(found, fix_zh=_LAY_IN.sub(laid_in, _MENDED.sub("在此改好", found.fix_zh)), fix_en=in_english)
