"""A mistake in an annotation of a schema is said at once, with file and line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cebd.messages.description import DescriptionError, message_type, message_types
from cebd.messages.relations import cancelling, customs_number, named_by_number, notice_marks
from cebd.messages.schema_files import schema_dir, schemas_from


def changed(tmp_path: Path, code: str, old: str, new: str) -> tuple[Path, int]:
    """The schemas with one text changed in that of an import message, and the line it stands on."""
    folder = tmp_path / "schemas"
    shutil.copytree(schema_dir(), folder)
    path = folder / "import" / f"{code}Message.xsd"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path, text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("code", "old", "new", "reason"),
    [
        ("CEB311", '<d:message role="declaration"', '<d:mesage role="declaration"', "no annotation d:mesage"),
        ("CEB311", 'role="declaration"', 'role="order"', "role is one of"),
        ("CEB311", 'group="orderNo"', 'groups="orderNo"', "d:message has no groups"),
        ("CEB311", 'group="orderNo"', 'group="orderNumber"', "there is no element orderNumber"),
        ("CEB311", 'key="ebpCode ebcCode orderNo"', 'key="ebpCode ebcCod orderNo"', "there is no element ebcCod"),
        ("CEB311", 'numbered="gnum"', 'numbered="gnums"', "there is no element gnums"),
        ("CEB311", 'receipt="CEB312Message"', 'receipt="CEB321Message"', "no schema of CEB321Message"),
        ("CEB311", 'signed="optional"', 'signed="yes"', "signed is optional or required"),
        ("CEB311", 'order="orderNo ebpCode"', 'order="orderNo ebp"', "there is no element ebp"),
        ("CEB311", 'order="orderNo ebpCode"', 'order="orderNo"', "order needs 2 elements"),
        ("CEB311", 'order="orderNo ebpCode"', 'ordre="orderNo ebpCode"', "d:facts has no ordre"),
        ("CEB621", "line.totalPrice", "line.total", "there is no element line.total"),
        ("CEB621", 'number="invtNo"', 'number="invNo"', "there is no element invNo in its receipt"),
        ("CEB623", 'cancels="CEB621Message"', 'cancels="CEB620Message"', "no schema of CEB620Message"),
        ("CEB816", ' mark="tax"', "", "a notice has a mark"),
        ("CEB621", '<d:field closed="1|2|3"', '<d:field close="1|2|3"', "d:field has no close"),
        ("CEB621", '<d:field closed="1|2|3"', '<d:feld closed="1|2|3"', "no annotation d:feld"),
    ],
)
def test_a_mistake_in_an_annotation_is_said_with_file_and_line(
    tmp_path: Path, code: str, old: str, new: str, reason: str
) -> None:
    path, line = changed(tmp_path, code, old, new)
    with schemas_from(tmp_path / "schemas"), pytest.raises(DescriptionError, match=reason) as caught:
        message_types()[code]
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_schemas_of_another_folder_are_read_meanwhile_and_only_meanwhile(tmp_path: Path) -> None:
    changed(tmp_path, "CEB311", 'name="order"', 'name="purchase"')
    with schemas_from(tmp_path / "schemas"):
        assert message_type("purchase").code == "CEB311"
    assert message_type("order").code == "CEB311"
    with pytest.raises(KeyError):
        message_type("purchase")


def test_what_messages_are_to_each_other_is_told_by_their_annotations() -> None:
    assert named_by_number() == {"CEB712": "CEB711", "CEB816": "CEB621", "CEB818": "CEB621", "CEB792": "CEB701"}
    assert cancelling() == {"CEB623": "CEB621"}
    assert notice_marks() == {"tax", "sum"}
    numbers = {code: customs_number(code) for code in ("CEB311", "CEB621", "CEB623", "CEB711", "CEB701")}
    assert numbers == {"CEB311": None, "CEB621": "invtNo", "CEB623": "invtNo", "CEB711": "rkdNo", "CEB701": "sumNo"}
