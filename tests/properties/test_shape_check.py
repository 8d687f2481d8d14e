"""The schema asked of shapes says of every message what lxml says of the whole of it, in whatever order messages come."""

from __future__ import annotations

import random
import re

import pytest

from builders.field_texts import texts_of
from cebd.documents.reading.cells.head_defaults import GENERATED_FIELDS
from cebd.documents.reading.cells.section import Column
from cebd.documents.shape_check import ShapeCheck
from cebd.messages.compose import Sender, compose, element, new_guid
from cebd.messages.description import Field, MessageType, declarations, message_types
from cebd.messages.schema import flaws, parse_xml
from cebd.problems.problem import NOWHERE
from cebd.records.record import Record, shape_of

SENDER = Sender("4407961999", "示例 & <公司>", "DXPENT0000010001")
CODES = [message.code for export in (False, True) for message in declarations(export=export)]
MESSAGES = 60


class RandomRecords:
    """Records of a message, most of them as they should be; some lack what they need, or have other lines than they may."""

    def __init__(self, message: MessageType, chance: random.Random) -> None:
        self._message, self._chance = message, chance
        fields = (*message.head_fields, *message.line_fields)
        self._elements = {field: self._declared(field) for field in fields if field.name not in GENERATED_FIELDS}

    @staticmethod
    def _declared(field: Field) -> list[str]:
        column = Column(field, 0, None)
        return list(dict.fromkeys(filter(None, (column.judge_text(text).xml for text in texts_of(field)))))

    def record(self) -> Record:
        message, chance = self._message, self._chance
        lacks = chance.random() < 0.03
        head = self._part(message.head_fields, lacks=lacks)
        few = 1 if message.needs_lines or chance.random() < 0.5 else 0
        count = chance.choice((few, few, 1, 2, 3, chance.randrange(4, 104))) if message.line else 0
        lines = [self._part(message.line_fields, lacks=chance.random() < 0.01) for _ in range(count)]
        made = {"guid": element("guid", new_guid()), "appTime": element("appTime", "20260304050607")}
        given = iter(head)
        texts = "".join([made[field.name] if field.name in made else next(given) for field in message.head_fields])
        heading = f"<ceb:{message.head}>{texts}</ceb:{message.head}>" if message.head else texts
        xml = heading + "".join(f"<ceb:{message.line}>{''.join(line)}</ceb:{message.line}>" for line in lines)
        xml = f"<ceb:{message.record}>{xml}</ceb:{message.record}>"
        return Record(message.code, ("1",), "", "1", NOWHERE, (1,), xml, b"", (), shape=shape_of((head, *lines)))

    def _part(self, fields: tuple[Field, ...], *, lacks: bool) -> list[str]:
        often = 0.8 if lacks else 1.0
        return [
            self._chance.choice(self._elements[field])
            if self._chance.random() < (often if field.required else 0.9)
            else ""
            for field in fields
            if field.name not in GENERATED_FIELDS
        ]


def of_the_whole(message: MessageType, records: list[Record]) -> bool:
    """Whether lxml takes the whole message."""
    return not flaws(parse_xml(compose(message, new_guid(), [one.xml for one in records], SENDER)), unsigned=True)


def by_shape(check: ShapeCheck, message: MessageType, records: list[Record]) -> bool:
    guid = new_guid()
    return not check.flaws(compose(message, guid, [one.xml for one in records], SENDER), guid, records)


@pytest.mark.parametrize("code", CODES)
def test_by_its_shapes_a_message_is_taken_or_refused_as_it_is_by_the_whole(code: str) -> None:
    message, chance = message_types()[code], random.Random(code)
    made, check = RandomRecords(message, chance), ShapeCheck(message, SENDER)
    most = min(message.max_records, 4)
    messages = [[made.record() for _ in range(chance.randint(1, most))] for _ in range(MESSAGES)]
    wholly = [of_the_whole(message, records) for records in messages]
    assert [by_shape(check, message, records) for records in messages] == wholly
    assert 0 < sum(wholly) < MESSAGES


@pytest.mark.parametrize("code", ["CEB311", "CEB411", "CEB711"])
def test_a_record_that_has_other_elements_than_it_tells_is_refused_all_the_same(code: str) -> None:
    message, chance = message_types()[code], random.Random(code)
    made, check = RandomRecords(message, chance), ShapeCheck(message, SENDER)
    known: list[Record] = []
    while len(known) < 10:
        record = made.record()
        if by_shape(check, message, [record]):
            known.append(record)
    for record in known:
        assert by_shape(check, message, [record])
        leaves = re.findall(r"<ceb:(\w+)>[^<]*</ceb:\1>", record.xml)
        name = chance.choice(leaves)
        without = re.sub(rf"<ceb:{name}>[^<]*</ceb:{name}>", "", record.xml, count=1)
        twice = re.sub(rf"(<ceb:{name}>[^<]*</ceb:{name}>)", r"\1\1", record.xml, count=1)
        for lying in (record._replace(xml=without), record._replace(xml=twice)):
            assert by_shape(check, message, [lying]) == of_the_whole(message, [lying])
        assert not by_shape(check, message, [record._replace(xml=twice)])
