"""Alarms by webhook: robots of DingTalk and WeCom, or JSON for anything else.

| format | what is posted | taken when |
| --- | --- | --- |
| dingtalk | `{"msgtype": "markdown", "markdown": {"title", "text"}}`; with `secret` the address carries time and sign | `errcode` is 0 |
| wecom | `{"msgtype": "markdown", "markdown": {"content"}}`, at most 4096 bytes | `errcode` is 0 |
| json | `{"v": 1, "station", "event", "title", "new": [...], "over": [...]}` | the status is 2xx |
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

from cebd.alarms.kind import NotDelivered
from cebd.alarms.rounds import Notice
from cebd.alarms.settings import WebhookAlarm
from cebd.alarms.texts import paragraphs, title

_SECONDS = 15.0
_LARGEST_ANSWER = 64_000
_MARKDOWN_BYTES = {"dingtalk": 18_000, "wecom": 4_000}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A robot that has moved is a mistake to be told, not followed: a post would become a get."""

    def redirect_request(self, *_: object) -> None:
        return None


class WebhookSender:
    """Posts to the address of the settings; a connection for each message."""

    def __init__(self, settings: WebhookAlarm, base: Path) -> None:
        self._settings = settings
        self._base = base

    def deliver(self, station: str, notice: Notice, language: str) -> None:
        wanted = self._settings
        url = wanted.url.read(self._base).strip()
        if not url.startswith(("https://", "http://")):
            raise NotDelivered("the address begins with neither https:// nor http://")
        if wanted.format == "dingtalk" and wanted.secret is not None:
            url += _signed(wanted.secret.read(self._base).strip(), round(time.time() * 1000))
        body = json.dumps(_body(wanted.format, station, notice, language), ensure_ascii=False).encode()
        answer = self._post(url, body)
        if wanted.format != "json":
            _require_taken(answer)

    def _post(self, url: str, body: bytes) -> bytes:
        authority = self._settings.authority
        try:
            context = ssl.create_default_context(cafile=self._base / authority if authority else None)
            opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
            headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "cebd"}
            request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310  http or https
            with opener.open(request, timeout=_SECONDS) as answer:
                return bytes(answer.read(_LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            raise NotDelivered(f"HTTP {error.code}") from None
        except urllib.error.URLError as error:  # its reason may be an error of the line; the address is not in it
            reason = error.reason
            said = (getattr(reason, "strerror", None) or type(reason).__name__) if isinstance(reason, OSError) else ""
            raise NotDelivered(said or "the address cannot be reached") from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotDelivered(type(error).__name__) from None


def _signed(secret: str, milliseconds: int) -> str:
    """What DingTalk wants behind the address: the time, and its HMAC-SHA256 under the secret."""
    text = f"{milliseconds}\n{secret}".encode()
    sign = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest())
    return f"&timestamp={milliseconds}&sign={quote(sign, safe='')}"


def _body(format_: str, station: str, notice: Notice, language: str) -> dict[str, object]:
    headline = title(station, notice, language)
    if format_ == "json":
        event = "trial" if notice.is_trial else "alarm" if notice.new else "over"
        return {
            "v": 1,
            "station": station,
            "event": event,
            "title": headline,
            "new": [matter.as_json() for matter in notice.new],
            "over": [{"key": told.key, "since": told.since, **told.problem.as_json()} for told in notice.over],
        }
    text = _markdown(headline, paragraphs(notice, language), _MARKDOWN_BYTES[format_])
    if format_ == "dingtalk":
        return {"msgtype": "markdown", "markdown": {"title": headline, "text": text}}
    return {"msgtype": "markdown", "markdown": {"content": text}}


def _markdown(headline: str, texts: list[str], at_most: int) -> str:
    """The paragraphs under the headline; those that have no room are counted."""
    text, shown = f"### {headline}", 0
    for paragraph in texts:
        more = "\n\n" + paragraph.replace("\n", "  \n")
        if len((text + more).encode()) > at_most:
            break
        text, shown = text + more, shown + 1
    left = len(texts) - shown
    return text if not left else f"{text}\n\n… +{left}"


def _require_taken(answer: bytes) -> None:
    try:
        code = json.loads(answer)["errcode"]
    except (ValueError, KeyError, TypeError):
        raise NotDelivered("the answer is none of a robot") from None
    if code != 0:
        raise NotDelivered(f"the robot answers errcode {code}")
