"""What carries a message over the wire, in the forms that channels ask for."""

from __future__ import annotations

import base64
from datetime import datetime

import pytest
from lxml import etree

from builders.papers import needs_official, official_schema
from cebd.clock import CST
from cebd.messages.envelope import Envelope, EnvelopeForm

MESSAGE = b"<CEB311Message/>"
ENVELOPE = Envelope(
    cop_msg_id="A1",
    sender="DXPENT0000010001",
    receivers=("DXPEDCCEB0000002",),
    created=datetime(2026, 3, 4, 5, 6, 7, tzinfo=CST),
    message_type="CEB311Message",
    data=MESSAGE,
    number=42,
)
IN_A_NODE = EnvelopeForm("DxpMsgSv", "dxp", "00000001", "00000002")


def test_a_message_alone_is_nothing_but_its_bytes() -> None:
    assert ENVELOPE.to_bytes(EnvelopeForm("none")) == MESSAGE


@pytest.mark.parametrize("prefix", ["dxp", ""])
def test_in_its_envelope_it_is_the_same_with_a_prefix_and_without(prefix: str) -> None:
    content = ENVELOPE.to_bytes(EnvelopeForm("DxpMsg", prefix))
    assert content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<' + (b"dxp:" if prefix else b"") + b"DxpMsg ")
    root = etree.fromstring(content)
    assert root.nsmap == {prefix or None: "http://www.chinaport.gov.cn/dxp"}
    texts = [element.text for element in root.iter("{*}CopMsgId", "{*}ReceiverId", "{*}CreatTime", "{*}MsgType")]
    assert texts == ["A1", "DXPEDCCEB0000002", "2026-03-04T05:06:07", "CEB311Message"]
    assert base64.b64decode(root.findtext("{*}Data") or "") == MESSAGE


@needs_official
@pytest.mark.parametrize("prefix", ["dxp", ""])
def test_a_transfer_nodes_envelope_is_as_the_official_schema_asks(prefix: str) -> None:
    content = ENVELOPE.to_bytes(IN_A_NODE._replace(prefix=prefix))
    root = etree.fromstring(content)
    official_schema("transfer-node-202205.xsd").assertValid(root)
    assert [root.findtext(f".//{{*}}{name}") for name in ("MsgId", "EndNode", "StaNode")] == [
        "00000001202603040506070000000042",  # the node, the time, ten digits: chapter 5, table 5-3
        "00000002",
        "00000001",
    ]
    assert base64.b64decode(root.findtext("{*}DxpMsg/{*}Data") or "") == MESSAGE


def test_the_form_is_read_back_as_it_was_kept() -> None:
    for form in (EnvelopeForm(), EnvelopeForm("none"), EnvelopeForm("DxpMsg", ""), IN_A_NODE):
        assert EnvelopeForm.from_text(form.as_text()) == form
    assert EnvelopeForm.from_text(None) == EnvelopeForm("DxpMsg", "dxp")  # of an earlier version
