"""The simulated customs side judges as the real one does: messages written by hand, signed by xmlsec1 and OpenSSL."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from builders.customs_messages import (
    DS,
    SigningKey,
    a_list,
    a_message,
    an_envelope,
    an_order,
    make_key,
    needs_openssl,
    needs_xmlsec1,
    signed,
    signed_sm2,
)
from builders.trial_messages import of_rows
from cebd.sandbox.judging.customs import Judged, judge
from cebd.sandbox.judging.hearing import Bench
from cebd.sandbox.judging.register import Register
from cebd.sandbox.scenario import Reject, Scenario
from cebd.trial.rows import (
    Line,
    cancel_rows,
    delivery_rows,
    inventory_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    waybill_status_rows,
)

GUID = "0A0A0A0A-1111-2222-3333-444444444444"


@pytest.fixture(scope="session")
def rsa(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("rsa"))


@pytest.fixture(scope="session")
def sm2(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return make_key(tmp_path_factory.mktemp("sm2"), sm2=True)


class Customs:
    """Judges one arrival after the other, and learns from each as it would from its ledger."""

    def __init__(self, scenario: Scenario | None = None, trusted: Path | None = None) -> None:
        self.register = Register()
        self.scenario = scenario or Scenario(entered_at_once=True)
        self.trusted = x509.load_pem_x509_certificate(trusted.read_bytes()) if trusted else None
        self.now = datetime.now(UTC)

    def judge(self, envelope: bytes) -> Judged:
        judged = judge(envelope, Bench(self.register, self.scenario, self.trusted, self.now))
        self.register.enter({**entry, "arrival": "x"} for entry in judged.entries)
        return judged

    def verdicts(self, envelope: bytes) -> list[tuple[str, str]]:
        return [(entry["verdict"], entry["status"]) for entry in self.judge(envelope).entries]

    def signature(self, message: bytes) -> str:
        [entry] = self.judge(an_envelope(message)).entries
        return str(entry["signature"])


def texts(judged: Judged) -> list[tuple[tuple[str, str], ...]]:
    return [one.life for one in judged.answered]


# Orders and repeats


def test_orders_go_from_declaring_to_entered() -> None:
    judged = Customs().judge(an_envelope(a_message(an_order("A1", guid=GUID), an_order("A2")), "M1"))
    assert texts(judged) == [(("2", "新增申报成功"), ("120", "海关入库成功"))] * 2
    first = dict(judged.entries[0])
    assert first.pop("message_guid")
    assert first.pop("stated")["paid"] == "21.82"
    assert first == {
        "cop_msg_id": "M1",
        "type": "CEB311",
        "guid": GUID,
        "key": {"ebpCode": "9900000001", "ebcCode": "9900000002", "orderNo": "A1"},
        "verdict": "accepted",
        "status": "120",
        "signature": "none",
    }


def test_an_order_declared_twice_is_known() -> None:
    customs = Customs()
    customs.judge(an_envelope(a_message(an_order("A1"))))
    judged = customs.judge(an_envelope(a_message(an_order("A1"), an_order("A2"))))
    assert [entry["verdict"] for entry in judged.entries] == ["repeat", "accepted"]
    assert texts(judged)[0] == (("-301010", "已存在相同编号的订单"),)


def test_an_order_twice_in_one_message_is_accepted_once() -> None:
    assert Customs().verdicts(an_envelope(a_message(an_order("A1"), an_order("A1")))) == [
        ("accepted", "120"),
        ("repeat", "-301010"),
    ]


def test_the_same_order_number_on_another_platform_is_another_order() -> None:
    customs = Customs()
    customs.judge(an_envelope(a_message(an_order("A1"))))
    assert customs.verdicts(an_envelope(a_message(an_order("A1", ebpCode="9900000009")))) == [("accepted", "120")]


def test_an_envelope_that_comes_again_is_all_repeats_even_where_it_changes_an_order() -> None:
    customs = Customs()
    customs.judge(an_envelope(a_message(an_order("A1"))))
    change = an_envelope(a_message(an_order("A1", appType="2")), "M7")
    assert customs.verdicts(change) == [("accepted", "120")]
    assert customs.verdicts(change) == [("repeat", "-301010")]


@pytest.mark.parametrize("app_type", ["2", "3"])
def test_a_change_or_deletion_is_accepted_for_what_was_declared_and_for_nothing_else(app_type: str) -> None:
    customs = Customs()
    customs.judge(an_envelope(a_message(an_order("A1"))))
    judged = customs.judge(an_envelope(a_message(an_order("A1", appType=app_type), an_order("B1", appType=app_type))))
    assert [entry["verdict"] for entry in judged.entries] == ["accepted", "rejected"]
    assert texts(judged)[1] == (("-301009", "订单标识(appType)不正确,未找到操作的订单"),)


# Lists and signatures


@needs_xmlsec1
def test_a_signed_list_is_released_and_keeps_its_numbers_when_it_comes_again(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs(trusted=rsa.authority)
    content = signed(a_message(a_list("C1"), a_list("C2")), rsa, folder=tmp_path)
    judged = customs.judge(an_envelope(content))
    assert texts(judged)[0] == (("2", "新增申报成功"), ("120", "海关入库成功"), ("800", "放行"))
    assert [(entry["verdict"], entry["signature"]) for entry in judged.entries] == [("accepted", "valid")] * 2
    numbers = [one.numbers for one in judged.answered]
    assert len({number for one in numbers for number in one.values()}) == 4
    assert {len(number) for one in numbers for number in one.values()} == {18}
    again = customs.judge(an_envelope(content))
    assert texts(again)[0] == (("-621004", "清单[C1]已经申报过，请勿重复申报"),)
    assert [one.numbers for one in again.answered] == numbers


def test_lists_without_a_signature_are_all_refused() -> None:
    judged = Customs().judge(an_envelope(a_message(a_list("C1"), a_list("C2"))))
    assert texts(judged) == [(("-621029", "验签失败！"),)] * 2
    assert [(entry["verdict"], entry["signature"]) for entry in judged.entries] == [("rejected", "none")] * 2


@needs_xmlsec1
def test_a_list_that_is_only_stored_needs_no_signature_and_can_still_be_declared(
    rsa: SigningKey, tmp_path: Path
) -> None:
    customs = Customs()
    stored = customs.judge(an_envelope(a_message(a_list("C1", appStatus="1"))))
    assert texts(stored) == [(("1", "暂存"),)]
    declared = an_envelope(signed(a_message(a_list("C1")), rsa, folder=tmp_path))
    assert customs.verdicts(declared) == [("accepted", "800")]
    assert customs.verdicts(an_envelope(signed(a_message(a_list("C1")), rsa, folder=tmp_path))) == [
        ("repeat", "-621004")
    ]


@needs_xmlsec1
@pytest.mark.parametrize(
    "before_root",
    ["", "<!-- from the shop -->\n", '<?xml-stylesheet href="a.xsl"?>\n', "<?p q?>\n<!-- a -->\n<?r s?>\n"],
)
@pytest.mark.parametrize("inside", ["", "<!-- inside -->", "\n  "])
def test_comments_and_instructions_are_digested_as_xmlsec1_digests_them(
    rsa: SigningKey, tmp_path: Path, before_root: str, inside: str
) -> None:
    order = an_order("A1").replace("<ceb:OrderList>", f"{inside}<ceb:OrderList>")
    content = signed(a_message(order, before_root=before_root), rsa, folder=tmp_path)
    assert Customs().signature(content) == "valid"


@needs_xmlsec1
def test_namespaces_that_only_the_root_declares_are_in_the_signed_bytes(rsa: SigningKey, tmp_path: Path) -> None:
    message = a_message(a_list("C1")).replace(
        b" guid=", b' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" guid=', 1
    )
    assert Customs().signature(signed(message, rsa, folder=tmp_path)) == "valid"


@needs_xmlsec1
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<ceb:copNo>C1<", b"<ceb:copNo>C2<"),
        (b'Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"', b'Algorithm="http://www.w3.org/2000/09/xmldsig#sha2"'),
        (b"<ds:DigestValue>", b"<ds:DigestValue>AAAA"),
        (b'URI=""', b'URI="#a"'),
        (b"<ds:SignatureValue>", b"<ds:SignatureValue>AAAA"),
        (b"<?xml version", b"<?xml version"),
    ],
    ids=["a list changed", "another digest method", "digest", "reference", "value", "nothing"],
)
def test_whatever_is_changed_after_signing_is_noticed(rsa: SigningKey, tmp_path: Path, old: bytes, new: bytes) -> None:
    content = signed(a_message(a_list("C1")), rsa, folder=tmp_path)
    assert old in content
    judged = Customs().judge(an_envelope(content.replace(old, new, 1)))
    assert [entry["signature"] for entry in judged.entries] == ["valid" if old == new else "bad"]
    if old != new:
        assert texts(judged) == [(("-621029", "验签失败！"),)]


@needs_xmlsec1
def test_an_instruction_put_before_the_root_after_signing_is_noticed(rsa: SigningKey, tmp_path: Path) -> None:
    content = signed(a_message(a_list("C1")), rsa, folder=tmp_path)
    assert Customs().signature(content.replace(b"<ceb:CEB621", b"<?p q?><ceb:CEB621", 1)) == "bad"
    assert Customs().signature(content.replace(b"<ceb:CEB621", b"<!-- c --><ceb:CEB621", 1)) == "valid"


@needs_xmlsec1
def test_a_signature_by_another_authority_is_refused(rsa: SigningKey, tmp_path: Path) -> None:
    stranger = make_key(tmp_path, name="stranger")
    content = signed(a_message(a_list("C1")), stranger, folder=tmp_path)
    assert Customs(trusted=rsa.authority).signature(content) == "bad"
    assert Customs(trusted=stranger.authority).signature(content) == "valid"
    assert Customs(trusted=stranger.certificate).signature(content) == "valid"


@needs_xmlsec1
def test_a_certificate_that_has_run_out_does_not_sign(rsa: SigningKey, tmp_path: Path) -> None:
    customs = Customs()
    content = signed(a_message(a_list("C1")), rsa, folder=tmp_path)
    customs.now += timedelta(days=31)
    assert customs.signature(content) == "bad"


@needs_xmlsec1
def test_an_rsa_key_with_other_methods_is_no_form_of_the_specification(rsa: SigningKey, tmp_path: Path) -> None:
    methods = ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", f"{DS}sha1")
    assert Customs().signature(signed(a_message(a_list("C1")), rsa, folder=tmp_path, methods=methods)) == "bad"


@needs_xmlsec1
def test_a_bad_signature_spoils_an_order_though_it_needs_none(rsa: SigningKey, tmp_path: Path) -> None:
    content = signed(a_message(an_order("A1")), rsa, folder=tmp_path).replace(b">A1<", b">A2<")
    assert Customs().verdicts(an_envelope(content)) == [("rejected", "-301008")]


@needs_openssl
def test_an_sm2_signature_made_by_openssl_holds(sm2: SigningKey, tmp_path: Path) -> None:
    content = signed_sm2(a_message(a_list("C1")), sm2, folder=tmp_path)
    assert Customs(trusted=sm2.authority).signature(content) == "valid"
    assert Customs().signature(content.replace(b">C1<", b">C2<")) == "bad"
    assert Customs(trusted=make_key(tmp_path, sm2=True, name="other").authority).signature(content) == "bad"


@needs_openssl
def test_an_sm2_value_in_der_is_refused_unless_the_scenario_takes_it(sm2: SigningKey, tmp_path: Path) -> None:
    content = signed_sm2(a_message(a_list("C1")), sm2, folder=tmp_path, der=True)
    assert Customs().signature(content) == "bad"
    region = Customs(Scenario(sm2_der=True), trusted=sm2.authority)
    assert region.signature(content) == "valid"
    assert region.signature(signed_sm2(a_message(a_list("C2")), sm2, folder=tmp_path)) == "valid"
    assert region.signature(content.replace(b">C1<", b">C3<")) == "bad"


@needs_openssl
def test_an_sm2_value_that_lost_a_byte_is_refused(sm2: SigningKey, tmp_path: Path) -> None:
    content = signed_sm2(a_message(a_list("C1")), sm2, folder=tmp_path)
    value = re.search(rb"<ds:SignatureValue>(.*)</ds:SignatureValue>", content)
    assert value is not None
    raw = base64.b64decode(value[1])
    assert len(raw) == 64
    for wrong in (raw[:-1], raw[1:], raw + b"\0", b"\0" + raw):
        assert Customs().signature(content.replace(value[1], base64.b64encode(wrong))) == "bad"


@needs_openssl
def test_an_sm2_signature_over_another_text_does_not_hold(sm2: SigningKey, tmp_path: Path) -> None:
    one, two = (signed_sm2(a_message(a_list("C1")), sm2, folder=tmp_path) for _ in range(2))
    begin, end = b"<ds:SignatureValue>", b"</ds:SignatureValue>"
    mixed = one.split(begin)[0] + begin + two.split(begin)[1].split(end)[0] + end + one.split(end)[1]
    assert Customs().signature(mixed) == "bad"


# What cannot be judged


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"no xml at all", "0001"),
        (b"", "0001"),
        (an_envelope(a_message(an_order("A1")))[:400], "0001"),
        (a_message(an_order("A1")), "0001"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]>' + an_envelope(a_message(an_order("A1")))[39:], "0001"),
        (an_envelope(a_message(an_order("A1"))).replace(b"<dxp:SenderId>DXPTEST000000001</dxp:SenderId>", b""), "0002"),
        (an_envelope(a_message(an_order("A1"))).replace(b"<dxp:Data>", b"<dxp:Data>!"), "0999"),
        (an_envelope(a_message(an_order("A1"))).replace(b'ver="1.0"', b'ver="1.1"'), "0002"),
    ],
    ids=["no XML", "empty", "cut", "no envelope", "document type", "no sender", "no base64", "version"],
)
def test_a_broken_envelope_gets_the_exchange_platforms_code(content: bytes, code: str) -> None:
    judged = Customs().judge(content)
    assert judged.refused is not None
    assert (judged.refused.form, judged.refused.code) == ("DxpRep", code)
    assert not judged.entries


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\0\1\2 not XML", "报文格式错误"),
        (b"<a/>", "未知的报文类型：a"),
        (a_message(an_order("A1")).replace(b"CEB311Message", b"CEB312Message"), "未知的报文类型：CEB312Message"),
        (a_message(an_order("A1")).replace(b"chinaport.gov.cn/ceb", b"chinaport.gov.cn/cec"), "未知的报文类型"),
        (a_message(an_order("A1", currency="14")), "currency"),
        (a_message(an_order("A1", orderNo="")), "schema"),
        (a_message(a_list("C1", copNo="")), "业务主键不能为空：copNo"),
        (a_message(*[an_order(f"A{number}") for number in range(101)]), "schema"),
    ],
    ids=["no XML", "unknown", "a receipt", "namespace", "currency", "no order number", "no copNo", "101 orders"],
)
def test_a_malformed_message_is_refused_whole(data: bytes, said: str) -> None:
    judged = Customs().judge(an_envelope(data))
    assert judged.refused is not None
    assert judged.refused.form == "CEB900"
    assert said in judged.refused.reason
    assert not judged.entries
    assert judged.content == data


def test_a_refused_message_is_judged_afresh_when_it_comes_put_right_under_its_old_id() -> None:
    customs = Customs()
    assert customs.judge(an_envelope(a_message(an_order("A1", currency="14")), "M1")).refused
    assert customs.verdicts(an_envelope(a_message(an_order("A1")), "M1")) == [("accepted", "120")]


# What a scenario plays


def test_a_planned_rejection_is_told_at_once_and_leaves_the_number_free() -> None:
    customs = Customs(
        Scenario(
            reject=(Reject(key="A*", status="-301008", info="参数校验不通过，地址", times=1),), entered_at_once=True
        )
    )
    first = customs.judge(an_envelope(a_message(an_order("A1"), an_order("B1"))))
    assert texts(first)[0] == (("-301008", "参数校验不通过，地址"),)
    assert [entry["verdict"] for entry in first.entries] == ["rejected", "accepted"]
    assert customs.verdicts(an_envelope(a_message(an_order("A1")))) == [("accepted", "120")]
    assert customs.verdicts(an_envelope(a_message(an_order("A2")))) == [("rejected", "-301008")]


def test_a_rejection_by_customs_themselves_comes_after_declaring() -> None:
    customs = Customs(Scenario(reject=(Reject(key="A1", status="100", info="退单"),), entered_at_once=True))
    assert texts(customs.judge(an_envelope(a_message(an_order("A1"))))) == [(("2", "新增申报成功"), ("100", "退单"))]


def test_a_record_that_is_never_answered_is_in_the_ledger_all_the_same() -> None:
    judged = Customs(Scenario(drop_receipts=("A?",))).judge(an_envelope(a_message(an_order("A1"), an_order("A10"))))
    assert [entry["verdict"] for entry in judged.entries] == ["accepted", "accepted"]
    assert [one.head["orderNo"] for one in judged.answered] == ["A10"]


# Every other declaration, as the trial rows have it


def told_of(judged: Judged) -> list[list[str]]:
    return [[status for status, _ in one.life] for one in judged.answered]


@needs_xmlsec1
@pytest.mark.parametrize(
    ("code", "rows", "way", "key"),
    [
        ("payment", payment_rows(2), ["2", "120"], {"payTransactionId": "PAYT000000000001", "payCode": "4407961777"}),
        ("waybill", waybill_rows(2), ["2", "120"], {"logisticsNo": "YD0000000001", "logisticsCode": "4407961888"}),
        (
            "waybill-status",
            waybill_status_rows(2),
            ["2", "3", "399"],
            {"logisticsNo": "YD0000000001", "logisticsCode": "4407961888", "logisticsStatus": "S"},
        ),
        (
            "delivery",
            delivery_rows(1, lines=150),
            ["2", "120", "399"],
            {"copNo": "DT0000000001", "operatorCode": "4407961666"},
        ),
    ],
)
def test_each_declaration_goes_its_own_way_and_is_known_when_it_comes_again(
    code: str, rows: Iterator[Line], way: list[str], key: dict[str, str], rsa: SigningKey, tmp_path: Path
) -> None:
    customs, declared = Customs(), list(rows)
    first = customs.judge(of_rows(code, declared, tmp_path, rsa))
    assert told_of(first)[0] == way
    assert {entry["verdict"] for entry in first.entries} == {"accepted"}
    assert (first.entries[0]["key"], first.entries[0]["signature"]) == (key, "valid")
    again = customs.judge(of_rows(code, declared, tmp_path, rsa))
    assert {entry["verdict"] for entry in again.entries} == {"repeat"}


class Lists(Customs):
    """Three lists are there: the first released, the second not yet, the third never will be."""

    def __init__(self, folder: Path, key: SigningKey) -> None:
        super().__init__(Scenario(answer_seconds=10, step_seconds=10, not_released=("CT0000000003",), tax_bills=True))
        self.folder, self.key = folder, key
        self.declared = self.judge(of_rows("inventory", inventory_rows(1, lines=2), folder, key))
        self.now += timedelta(minutes=5)
        self.judge(of_rows("inventory", inventory_rows(2, first=2, lines=2), folder, key))
        self.now += timedelta(seconds=25)
        self.numbers = {f"CT{n:010d}": f"5208{self.now:%Y}I{n:09d}" for n in (1, 2, 3, 4)}

    def told(self, code: str, rows: Iterable[Line]) -> list[tuple[tuple[str, str], ...]]:
        return texts(self.judge(of_rows(code, rows, self.folder, self.key)))

    def cancel(self, number: int, **how: str) -> str:
        [life] = self.told("cancel", cancel_rows(1, first=number, numbers=self.numbers, **how))
        return " ".join(life[-1])

    def give_back(self, number: int, **changes: str) -> str:
        rows = list(return_rows(1, first=number, lines=2, numbers=self.numbers))
        [life] = self.told("return", [{**row, **changes} for row in rows[:1]])
        return " ".join(life[-1])


@pytest.fixture
def lists(rsa: SigningKey, tmp_path: Path) -> Lists:
    return Lists(tmp_path, rsa)


@needs_xmlsec1
class TestApplications:
    def test_lists_are_numbered_by_district_year_and_letter(self, lists: Lists) -> None:
        assert [entry["invtNo"] for entry in lists.declared.entries] == [lists.numbers["CT0000000001"]]

    def test_a_list_is_cancelled_as_long_as_it_is_not_released(self, lists: Lists) -> None:
        assert lists.cancel(2) == "399 海关审结"
        assert lists.cancel(3) == "399 海关审结"
        number = lists.numbers["CT0000000001"]
        assert lists.cancel(1) == f"-623005 清单的状态不符合撤单申报要求(清单编号[{number}])！"

    def test_a_list_that_customs_do_not_have_cannot_be_cancelled(self, lists: Lists) -> None:
        assert lists.cancel(4) == f"-623003 系统中不存在清单编号为[{lists.numbers['CT0000000004']}]的清单！"

    def test_a_list_is_cancelled_once_whatever_the_application_is_called(self, lists: Lists) -> None:
        rows = list(cancel_rows(1, first=3, numbers=lists.numbers))
        both = [*rows, {**rows[0], "head.copNo": "ANOTHER"}]
        repeated = f"-623009 撤单清单[{lists.numbers['CT0000000003']}]已经申报过"
        assert [" ".join(life[-1]) for life in lists.told("cancel", both)] == ["399 海关审结", repeated]
        [life] = lists.told("cancel", [{**rows[0], "head.copNo": "A-THIRD"}])
        assert " ".join(life[-1]) == repeated

    def test_goods_of_a_released_list_are_taken_back(self, lists: Lists) -> None:
        assert lists.give_back(1) == "399 海关审结"

    @pytest.mark.parametrize("number", [2, 3])
    def test_goods_of_a_list_not_released_are_not(self, lists: Lists, number: int) -> None:
        assert lists.give_back(number) == "-625004 退货申请单申报失败，[清单未放行]"

    def test_goods_of_a_cancelled_list_are_not(self, lists: Lists) -> None:
        lists.cancel(2)
        lists.now += timedelta(minutes=5)
        assert lists.give_back(2).startswith("-625004 ")

    def test_goods_of_an_unknown_list_are_not(self, lists: Lists) -> None:
        assert lists.give_back(4) == "-625016 查无此数据"

    def test_goods_that_the_list_does_not_have_are_not(self, lists: Lists) -> None:
        cop_no = "退货申请单[RT0000000001],在关联的清单中未找到表体序号为"
        assert lists.give_back(1, **{"line.gnum": "7"}) == f"-625209 {cop_no}[7],商品编号为[2106909090]的数据"
        assert lists.give_back(1, **{"line.gcode": "1901101000"}) == f"-625209 {cop_no}[1],商品编号为[1901101000]的数据"
        assert lists.give_back(1, **{"line.qty": "2.1"}).startswith("-625001 ")

    def test_only_lists_that_are_released_are_billed(self, lists: Lists) -> None:
        billed = lists.judge(of_rows("inventory", inventory_rows(1, first=5, lines=2), lists.folder, lists.key))
        assert [[line["gnum"] for line in one.billed] for one in billed.answered] == [["1", "2"]]
        held = lists.judge(of_rows("inventory", inventory_rows(1, first=3, prefix="T"), lists.folder, lists.key))
        assert [one.billed for one in held.answered] == [()]
