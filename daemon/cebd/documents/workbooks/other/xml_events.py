"""The elements of a workbook in XML, one after the other, each forgotten when it was looked at: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lxml import etree

from cebd.documents.workbooks.unreadable import refused
from cebd.documents.workbooks.xlsx.archive import damaged
from cebd.messages.schema import with_all_of_gbk


def events(
    blocks: Iterable[bytes], ends: Sequence[str], starts: Sequence[str] = ()
) -> Iterator[tuple[str, etree._Element]]:
    """`start` and `end` of the elements with these names (`{space}name`). What is done with is taken out of the tree.

    Raises Unreadable for what is no XML, or has a document type.
    """
    parser = etree.XMLPullParser(
        ("start", "end"), tag=[*ends, *starts], resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True
    )
    is_first = True
    try:
        for block in blocks:
            if is_first and b"<!DOCTYPE" in block[:4096]:
                raise refused(
                    "CEBD-1025", "文件中有文档类型声明（DTD）", "a document type declaration (DTD) in the file"
                )
            parser.feed(with_all_of_gbk(block) if is_first else block)
            is_first = False
            yield from _read(parser, ends)
        parser.close()
        yield from _read(parser, ends)
    except etree.XMLSyntaxError as error:
        raise damaged(str(error)) from None


def _read(parser: etree.XMLPullParser, ends: Sequence[str]) -> Iterator[tuple[str, etree._Element]]:
    for event, element in parser.read_events():
        if not isinstance(element, etree._Element):
            continue  # never, of these events
        if event == "start":
            yield event, element
        elif element.tag in ends:
            yield event, element
            element.clear()
            while element.getprevious() is not None:
                parent = element.getparent()
                if parent is None:
                    break
                del parent[0]
