"""A message as the request that a profile wants of it. The same message always gives the same bytes."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from cebd.transport.channel import ChannelError, Handover
from cebd.transport.channels.http.filling import Facts, facts_of, fill, in_xml, with_texts
from cebd.transport.channels.http.line import Request
from cebd.transport.channels.http.profile import Profile, Query, Send


def request_for(profile: Profile, handover: Handover, values: dict[str, str]) -> Request:
    """The request that hands the message over. Raises ChannelError."""
    send = profile.send
    facts = facts_of(handover, values)
    headers = [("Content-Type", send.content_type)]
    headers += [
        (name, quote(fill(text, facts), safe=" !#$%&'()*+,/:;<=>?@[]{}|~-._\"")) for name, text in send.headers.items()
    ]
    return Request(send.method, fill(send.url, in_url(facts)), _body(send, handover.content, facts), tuple(headers))


def query_for(query: Query, handover: Handover, values: dict[str, str]) -> Request:
    """The request that asks for the message. Raises ChannelError."""
    return Request("GET", fill(query.url, in_url(facts_of(handover, values))))


def in_url(facts: Facts) -> Facts:
    """The same facts for a text that is an address: all but addresses themselves are percent-encoded."""
    return {
        name: quote(fact, safe="") if isinstance(fact, str) and not name.endswith("_url") else fact
        for name, fact in facts.items()
    }


def _body(send: Send, content: bytes, facts: Facts) -> bytes:
    if send.wrap == "raw":
        return content
    try:
        facts = with_texts(facts, content)
    except UnicodeDecodeError:
        raise ChannelError("CEBD-1913", "the message is not UTF-8") from None
    if send.inner is not None:
        facts = {**facts, "inner": fill(send.inner, in_xml(facts))}
    match send.wrap:
        case "json-base64":
            return json.dumps(_filled(send.fields, facts), ensure_ascii=False).encode()
        case "form":
            # Percent-encoded throughout: a plus sign of base64 would arrive as a blank.
            pairs = [(name, fill(str(text), facts)) for name, text in send.fields.items()]
            return urlencode(pairs, quote_via=quote, safe="").encode("ascii")
        case "soap-cdata":
            return fill(send.template, in_xml(facts)).encode()


def _filled(value: object, facts: Facts) -> object:
    if isinstance(value, str):
        return fill(value, facts)
    if isinstance(value, dict):
        return {key: _filled(inner, facts) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_filled(inner, facts) for inner in value]
    return value
