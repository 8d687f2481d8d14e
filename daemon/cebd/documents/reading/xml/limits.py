"""The size of a message in XML is limited before it is parsed: a tree takes many times the room of its text.

A message holds at most 100 records of at most 99 goods lines. With every field of a goods line at its full length, in characters of
four bytes, that makes 12 kB a line and 120 MB a message (CEB311; real ones stay below 10 MB). Its elements are at most 100 x (49 of
the head + 99 x 21 of the lines), 213,000 (CEB621), each with a tag at its start and its end.
"""

from __future__ import annotations

import re
from pathlib import Path

from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.archive import MIB

MAX_MESSAGE_BYTES = 128 * MIB
_MAX_TAGS = 1_000_000  # twice the need, for comments and additions of other software
# Any other encoding could hide the counted tags. UTF-16 has a mark.
_ENCODINGS = re.compile(
    rb"(utf-?8|utf-?16(le|be)?|gb-?18030|gbk|gb2312|us-ascii|iso-8859-1|windows-1252)\Z", re.IGNORECASE
)
_DECLARED = re.compile(rb"""<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")


def message_bytes(path: Path) -> bytes:
    """The bytes of a dropped message. Raises Unreadable when they are more than any message has, or are no XML text."""
    size = path.stat().st_size
    if size > MAX_MESSAGE_BYTES:
        limit = MAX_MESSAGE_BYTES // MIB
        raise refused(
            "CEBD-1022",
            f"XML 有 {size // MIB} MB，一个报文不会超过 {limit} MB",
            f"the XML has {size // MIB} MB; no message has more than {limit} MB",
            size,
        )
    content = path.read_bytes()
    if content.count(b"<") > _MAX_TAGS or content.count(b"=") > _MAX_TAGS:
        raise refused("CEBD-1022", "XML 的元素过多", "the XML has more elements than a message can have")
    declared = _DECLARED.search(content[:1000].replace(b"\0", b""))
    if declared is not None and not _ENCODINGS.match(declared[1]):
        encoding = declared[1].decode("ascii", "replace")
        raise refused(
            "CEBD-1026", f"编码 {encoding} 不受支持", f"the encoding {encoding} is not one of a message", encoding
        )
    return content
