"""What a form with a file posts (multipart/form-data, RFC 7578): its fields, and the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from urllib.parse import unquote

from cebd.console.not_allowed import NotAllowed

_MOST_PARTS = 100
_MOST_HEAD_BYTES = 4096
_PARAMETER = re.compile(r';\s*(name|filename)="([^"\r\n]*)"')


@dataclass(frozen=True)
class Upload:
    """`name` and `content` of the file, as the browser tells them; both empty where none was chosen."""

    fields: dict[str, str] = field(default_factory=dict)
    name: str = ""
    content: bytes = field(default=b"", repr=False)


def is_upload(content_type: str) -> bool:
    """Whether a request says that it has such a form."""
    return content_type.partition(";")[0].strip().lower() == "multipart/form-data"


def parse_upload(content_type: str, body: bytes) -> Upload:
    """The form; of several files the first. Raises NotAllowed for what is none."""
    header = Message()
    header["content-type"] = content_type
    boundary = header.get_param("boundary")
    if not isinstance(boundary, str) or not 1 <= len(boundary) <= 70 or not boundary.isascii():
        raise _unreadable()
    mark = b"--" + boundary.encode()
    if not body.startswith(mark):
        raise _unreadable()
    fields: dict[str, str] = {}
    name, content, has_file = "", b"", False
    at = len(mark)
    for _ in range(_MOST_PARTS):
        if body[at : at + 2] == b"--":
            return Upload(fields, name, content)
        head_end = body.find(b"\r\n\r\n", at, at + _MOST_HEAD_BYTES)
        end = body.find(b"\r\n" + mark, head_end)
        if head_end < 0 or end < 0:
            raise _unreadable()
        told = _told(body[at:head_end])
        if "filename" in told:
            if not has_file and told["filename"]:
                name, content, has_file = _plain_name(told["filename"]), body[head_end + 4 : end], True
        elif "name" in told:
            try:
                fields[told["name"]] = body[head_end + 4 : end].decode()
            except ValueError:
                raise _unreadable() from None
        at = end + 2 + len(mark)
    raise _unreadable()


def _told(head: bytes) -> dict[str, str]:
    try:
        lines = head.decode().split("\r\n")
    except ValueError:
        raise _unreadable() from None
    line = next((one for one in lines if one.lower().startswith("content-disposition:")), "")
    # Browsers write these three signs of a name in percents, and nothing else (HTML, multipart/form-data encoding algorithm).
    return {key: re.sub(r"%(0A|0D|22)", lambda sign: unquote(sign[0]), text) for key, text in _PARAMETER.findall(line)}


def _plain_name(name: str) -> str:
    """Without the folders that some browsers tell."""
    return name.replace("\\", "/").rpartition("/")[2]


def _unreadable() -> NotAllowed:
    return NotAllowed(HTTPStatus.BAD_REQUEST, "提交的内容无法读取。", "What was sent cannot be read.")
