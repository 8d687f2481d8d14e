"""Receipts come in any order, more than once, late and broken; each record ends in the state that customs last gave it."""

from __future__ import annotations

import json
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from cebd.receipts.fetching import NotAllTaken
from cebd.receipts.overdue import overdue
from cebd.receipts.settle import apply_stored, copy_out, fetch_receipts
from cebd.records.states import FINAL, State
from cebd.store.store import Store, pack
from cebd.store.tables import drops, messages, receipts, records
from cebd.transport.channel import ChannelError
from customs_messages import CEB
from declared import (
    AGENT,
    EBC,
    EBP,
    SENT_AT,
    Mailbox,
    a_drop,
    a_list_return,
    a_receipt,
    a_return,
    an_open_store,
    declare,
    settle,
    the_record,
)
from support import CASES, StillClock

DXP = "http://www.chinaport.gov.cn/dxp"


@pytest.fixture
def store(tmp_path: Path) -> Any:
    (tmp_path / "甲").mkdir()  # the station makes the folders of enterprises
    with an_open_store(tmp_path) as opened:
        yield opened


def states_of_receipts(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(select(receipts.c.state).order_by(receipts.c.id)).scalars())


def a_refusal(cop_msg_id: str, *, quoted: str = "", status: str = "-1") -> bytes:
    return (
        f'<CEB900Message xmlns="{CEB}" guid="AAAAAAAA-0000-4000-8000-000000000000" version="1.0"><MessageReturn>'
        "<guid>AAAAAAAA-0000-4000-8000-000000000001</guid>"
        f"<returnStatus>{status}</returnStatus><returnInfo>格式校验不通过</returnInfo>"
        f"<returnTime>20260304090001000</returnTime><oriCopMsgId>{cop_msg_id}</oriCopMsgId>"
        f"<oriMessageType>CEB311Message</oriMessageType><oriBizMessage><![CDATA[{quoted}]]></oriBizMessage>"
        "</MessageReturn></CEB900Message>"
    ).encode()


def a_platform_answer(cop_msg_id: str, code: str, info: str = "") -> bytes:
    return (
        f'<DxpRep xmlns="{DXP}" ver="1.0"><RecevierId>DXPTEST000000001</RecevierId><Response>'
        f"<ResponseCode>{code}</ResponseCode><ResponseInfo>{info}</ResponseInfo><NoticeTime>2026-03-04</NoticeTime>"
        f"<OriHead><CopMsgId>{cop_msg_id}</CopMsgId><SenderId>DXPTEST000000001</SenderId><ReceiverIds>"
        "<ReceiverId>DXPEDCCEB0000002</ReceiverId></ReceiverIds><CreatTime>2026-03-04T09:00:00</CreatTime>"
        "<MsgType>CEB311Message</MsgType></OriHead></Response></DxpRep>"
    ).encode()


class TestMatching:
    def test_an_order_is_found_by_platform_enterprise_and_number_whatever_guid_the_receipt_has(
        self, store: Store
    ) -> None:
        mine, other = declare(store, "A1", "A2")
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        assert the_record(store, mine)["state"] == "succeeded"
        assert the_record(store, other)["state"] == "sent"

    def test_a_receipt_of_another_platform_is_not_ours_though_the_number_is(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000", ebpCode="9900000099")))
        assert the_record(store, mine)["state"] == "sent"
        assert states_of_receipts(store) == ["unmatched"]

    @pytest.mark.parametrize("missing", [("agentCode",), ("agentCode", "ebcCode", "ebpCode"), ("customsCode",)])
    def test_a_list_is_found_though_optional_codes_are_missing(self, store: Store, missing: tuple[str, ...]) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "120", "100000", leave_out=missing)))
        record = the_record(store, mine)
        assert (record["state"], record["pre_no"]) == ("acknowledged", "B20260304000000001")

    def test_codes_that_a_receipt_does_give_must_be_those_declared(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        foreign = a_list_return("L1", "100", "100000", leave_out=("agentCode",), customsCode="1501")
        settle(store, a_receipt(foreign))
        assert the_record(store, mine)["state"] == "sent"
        assert states_of_receipts(store) == ["unmatched"]

    def test_a_number_that_two_enterprises_use_is_given_to_neither_when_nothing_tells_them_apart(
        self, store: Store
    ) -> None:
        (first,) = declare(store, "L1", code="CEB621")
        (second,) = declare(store, "L1", code="CEB621", enterprise="乙")
        settle(store, a_receipt(a_list_return("L1", "100", "100000")))
        assert {the_record(store, one)["state"] for one in (first, second)} == {"sent"}
        assert states_of_receipts(store) == ["unmatched"]

    def test_the_channel_tells_two_enterprises_with_one_number_apart(self, store: Store) -> None:
        (first,) = declare(store, "L1", code="CEB621")
        (second,) = declare(store, "L1", code="CEB621", enterprise="乙", channel="other")
        settle(store, a_receipt(a_list_return("L1", "100", "100000")), channel="other")
        assert (the_record(store, first)["state"], the_record(store, second)["state"]) == ("sent", "refused")

    def test_two_declarants_with_one_number_are_told_apart_by_the_number_of_the_platform(self, store: Store) -> None:
        (first,) = declare(store, "L1", code="CEB621", pre_no="B1")
        (second,) = declare(store, "L1", code="CEB621", enterprise="乙", pre_no="B2")
        settle(store, a_receipt(a_list_return("L1", "800", "100000", preNo="B2", leave_out=("agentCode",))))
        assert (the_record(store, first)["state"], the_record(store, second)["state"]) == ("sent", "succeeded")

    def test_a_list_whose_declarant_comes_in_the_other_form_is_known_by_the_number_of_the_platform(
        self, store: Store
    ) -> None:
        (mine,) = declare(store, "L1", code="CEB621", pre_no="B20260304000000001")
        settle(store, a_receipt(a_list_return("L1", "800", "100000", agentCode="91440101MA59XXXX2Q")))
        assert the_record(store, mine)["state"] == "succeeded"

    def test_what_was_never_handed_over_is_not_spoken_of(self, store: Store) -> None:
        """Another system declared that number: ours must still be sent."""
        (mine,) = declare(store, "A1", sent_at=None)
        settle(store, a_receipt(a_return("A1", "100", "100000")))
        assert the_record(store, mine)["state"] == "signed"
        assert states_of_receipts(store) == ["unmatched"]

    def test_a_receipt_of_ours_and_others_is_applied_to_ours_and_kept_for_a_look(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000"), a_return("X9", "120", "100000")))
        assert the_record(store, mine)["state"] == "succeeded"
        assert states_of_receipts(store) == ["unmatched"]


LIST_NO, OTHER_LIST_NO = "51412026I000000001", "51412026I000000002"
KEYS = {
    "CEB311": (f"{EBP}\x1f{EBC}\x1fN1", {"ebpCode": EBP, "ebcCode": EBC, "orderNo": "N1"}),
    "CEB411": ("N1\x1f9900000005", {"payTransactionId": "N1", "payCode": "9900000005"}),
    "CEB511": ("N1\x1f9900000003", {"logisticsNo": "N1", "logisticsCode": "9900000003"}),
    "CEB513": ("N1\x1f9900000003\x1fS", {"logisticsNo": "N1", "logisticsCode": "9900000003", "logisticsStatus": "S"}),
    "CEB621": (f"N1\x1f{AGENT}", {"copNo": "N1", "agentCode": AGENT, "preNo": "B20260304000000001"}),
    "CEB623": (f"N1\x1f{AGENT}", {"copNo": "N1", "preNo": "B20260304000000002", "invtNo": LIST_NO}),
    "CEB625": (f"N1\x1f{AGENT}", {"copNo": "N1", "preNo": "B20260304000000003", "invtNo": LIST_NO}),
    "CEB711": ("N1\x1f9900000006", {"copNo": "N1", "preNo": "B20260304000000004"}),
}
NUMBERS = ("preNo", "invtNo", "rkdNo")  # of platform and customs: they come with a key and are none
RECORDS = {
    "CEB312": "OrderReturn",
    "CEB412": "PaymentReturn",
    "CEB512": "LogisticsReturn",
    "CEB514": "LogisticsStatusReturn",
    "CEB622": "InventoryReturn",
    "CEB624": "InvtCancelReturn",
    "CEB626": "InvtRefundReturn",
    "CEB712": "DeliveryReturn",
}


def declared_as(store: Store, code: str, **columns: Any) -> int:
    """A record of that type with the number N1, handed over; its message's own text plays no part."""
    (mine,) = declare(store, "N1", code=code, **{"key": KEYS[code][0], **columns})
    return mine


def told(code: str, status: str, at: str, *, leave_out: tuple[str, ...] = (), **given: str) -> bytes:
    """A receipt message about the record N1 of that type, with the keys that such receipts have."""
    receipt = f"CEB{int(code[3:]) + 1}"
    said = {"returnStatus": status, "returnTime": f"20260304{at}000", "returnInfo": f"回执{status}"}
    fields = "".join(
        f"<{name}>{text}</{name}>" for name, text in {**KEYS[code][1], **said, **given}.items() if name not in leave_out
    )
    record = RECORDS[receipt]
    return f'<{receipt}Message xmlns="{CEB}" guid="x"><{record}>{fields}</{record}></{receipt}Message>'.encode()


def a_tax_bill(number: str, status: str, at: str, *, list_no: str = LIST_NO, code: str = "CEB816") -> bytes:
    head = "TaxHeadRd" if code == "CEB816" else "TaxHeadStatus"
    inner = f"<returnTime>20260305{at}000</returnTime><invtNo>{list_no}</invtNo><taxNo>{number}</taxNo>"
    inner += f"<status>{status}</status>"
    return f'<{code}Message xmlns="{CEB}" guid="x"><Tax><{head}>{inner}</{head}></Tax></{code}Message>'.encode()


class TestEveryType:
    """One number, N1, in a declaration of every type: each receipt finds the declaration that it answers and no other."""

    ARRIVING = (
        told("CEB311", "2", "100000"),
        told("CEB311", "120", "100100"),
        told("CEB411", "2", "100000"),
        told("CEB411", "120", "100100"),
        told("CEB511", "120", "100100"),
        told("CEB511", "100", "100200"),
        told("CEB513", "2", "100000"),
        told("CEB513", "3", "100100"),
        told("CEB513", "399", "100200"),
        told("CEB621", "2", "100000"),
        told("CEB621", "120", "100100", invtNo=LIST_NO),
        told("CEB621", "800", "100200", invtNo=LIST_NO),
        a_tax_bill("T1", "1", "090000"),
        a_tax_bill("T2", "1", "090000"),
        a_tax_bill("T1", "3", "100000", code="CEB818"),
        a_tax_bill("T2", "2", "110000", code="CEB818"),
        told("CEB623", "2", "100000"),
        told("CEB623", "120", "100100"),
        told("CEB623", "399", "100200", agentCode=AGENT),
        told("CEB625", "-625209", "100000", leave_out=("invtNo",)),
        told("CEB711", "2", "100000", operatorCode="9900000006"),
        told("CEB711", "120", "100100", rkdNo="51412026I000000009"),
        told("CEB711", "399", "100200", leave_out=("copNo", "preNo"), rkdNo="51412026I000000009"),
    )

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(arriving=st.permutations(ARRIVING), again=st.lists(st.sampled_from(ARRIVING), max_size=5))
    def test_returns_of_all_types_in_any_order_end_in_the_same_states(
        self, arriving: list[bytes], again: list[bytes]
    ) -> None:
        with tempfile.TemporaryDirectory() as folder, an_open_store(Path(folder)) as store:
            mine = {code: declared_as(store, code) for code in KEYS}
            settle(store, *arriving, *again)
            found = {code: the_record(store, one) for code, one in mine.items()}
            assert set(states_of_receipts(store)) == {"applied"}
        assert {code: (one["state"], one["status"], len(one["history"])) for code, one in found.items()} == {
            "CEB311": ("succeeded", "120", 2),
            "CEB411": ("succeeded", "120", 2),
            "CEB511": ("refused", "100", 2),
            "CEB513": ("succeeded", "399", 3),
            "CEB621": ("succeeded", "800", 7),
            "CEB623": ("succeeded", "399", 3),
            "CEB625": ("refused", "-625209", 1),
            "CEB711": ("succeeded", "399", 3),
        }
        assert sorted((status, info) for status, _, info in found["CEB621"]["history"] if "tax" in status) == [
            ("tax:1", "税单 tax bill T1"),
            ("tax:1", "税单 tax bill T2"),
            ("tax:2", "税单 tax bill T2"),
            ("tax:3", "税单 tax bill T1"),
        ]
        assert (found["CEB621"]["invt_no"], found["CEB711"]["invt_no"]) == (LIST_NO, "51412026I000000009")

    @pytest.mark.parametrize("code", list(KEYS))
    def test_another_key_is_another_declaration(self, store: Store, code: str) -> None:
        mine = declared_as(store, code)
        settle(store, *(told(code, "100", "100000", **{name: "X9"}) for name in KEYS[code][1] if name not in NUMBERS))
        assert the_record(store, mine)["state"] == "sent"
        assert set(states_of_receipts(store)) == {"unmatched"}

    def test_a_waybill_is_not_taken_for_its_status(self, store: Store) -> None:
        waybill, status = declared_as(store, "CEB511"), declared_as(store, "CEB513")
        settle(store, told("CEB513", "399", "100000"))
        assert [the_record(store, one)["state"] for one in (waybill, status)] == ["sent", "succeeded"]

    @pytest.mark.parametrize("code", ["CEB623", "CEB625"])
    def test_an_application_told_the_number_of_its_list_does_not_become_that_list(
        self, store: Store, code: str
    ) -> None:
        """What comes for the list by its number goes to the list, or, where another system declared it, to nobody."""
        mine = declared_as(store, code)
        settle(store, told(code, "120", "100000"))
        before = the_record(store, mine)
        settle(store, a_tax_bill("T1", "1", "090000"))
        settle(store, told("CEB621", "899", "110000", invtNo=LIST_NO, preNo="B20260304000000002"))
        assert the_record(store, mine) == before
        assert states_of_receipts(store) == ["applied", "unmatched", "unmatched"]

    @pytest.mark.parametrize("code", ["CEB623", "CEB625"])
    def test_two_applications_about_one_list_are_told_apart_by_their_own_numbers(self, store: Store, code: str) -> None:
        first, second = declared_as(store, code), declared_as(store, code, key=f"N2\x1f{AGENT}")
        settle(store, told(code, "100", "100000"), told(code, "120", "100100", copNo="N2", preNo="B20260304000000008"))
        assert [the_record(store, one)["status"] for one in (first, second)] == ["100", "120"]

    @pytest.mark.parametrize(("customs", "state"), [("5141", "acknowledged"), ("1501", "sent")])
    def test_an_application_is_known_by_its_number_where_the_codes_given_are_those_declared(
        self, store: Store, customs: str, state: str
    ) -> None:
        mine = declared_as(store, "CEB623")
        record = the_record(store, mine)
        head = f"<guid>{record['guid']}</guid><customsCode>5141</customsCode><copNo>N1</copNo><agentCode>{AGENT}</agentCode>"
        body = pack(f'<CEB623Message xmlns="{CEB}"><InvtCancel>{head}</InvtCancel></CEB623Message>'.encode())
        with store.write() as connection:
            connection.execute(update(messages).where(messages.c.id == record["message_id"]).values(body=body))
        settle(store, told("CEB623", "120", "100000", customsCode=customs))
        assert the_record(store, mine)["state"] == state

    def test_an_entry_is_known_by_the_number_customs_gave_it(self, store: Store) -> None:
        mine = declared_as(store, "CEB711")
        settle(store, told("CEB711", "120", "100000", rkdNo="51412026I000000009", operatorCode="9900000006"))
        settle(store, told("CEB711", "399", "100100", leave_out=("copNo", "preNo"), rkdNo="51412026I000000009"))
        settle(store, told("CEB711", "100", "100200", leave_out=("copNo", "preNo"), rkdNo="51412026I000000008"))
        record = the_record(store, mine)
        assert (record["state"], record["pre_no"]) == ("succeeded", "B20260304000000004")
        assert states_of_receipts(store) == ["applied", "applied", "unmatched"]


class TestCancelling:
    """A list whose cancellation customs granted is over: the application's own 399 says so, no receipt of the list ever does."""

    ENTERED = told("CEB621", "120", "100000", invtNo=LIST_NO)
    GRANTED = told("CEB623", "399", "110000")
    SAID = ("cancel:399", "2026-03-04T11:00:00.000+08:00", "撤销申请单 N1 海关审结 cancel application N1 concluded")

    @pytest.fixture
    def mine(self, store: Store) -> int:
        return declared_as(store, "CEB621")

    @pytest.fixture
    def application(self, store: Store) -> int:
        return declared_as(store, "CEB623", list_no=LIST_NO)

    def test_a_list_ends_when_its_cancellation_is_granted_and_names_the_application(
        self, store: Store, mine: int, application: int
    ) -> None:
        settle(store, self.ENTERED, told("CEB623", "120", "103000"))
        assert the_record(store, mine)["state"] == "acknowledged"
        settle(store, self.GRANTED)
        record = the_record(store, mine)
        assert (record["state"], record["status"], record["time"]) == ("refused", self.SAID[0], self.SAID[1])
        assert record["info"] == self.SAID[2]
        assert record["history"] == [("120", "2026-03-04T10:00:00.000+08:00", "回执120"), self.SAID]
        assert the_record(store, application)["state"] == "succeeded"
        assert State(record["state"]) in FINAL

    def test_the_outbox_of_the_list_is_written_anew_once(self, store: Store, mine: int, application: int) -> None:
        settle(store, self.ENTERED)

        def changes() -> int:
            with store.read() as connection:
                query = select(drops.c.changed).where(drops.c.id == the_record(store, mine)["drop_id"])
                return int(connection.execute(query).scalar_one())

        before = changes()
        settle(store, self.GRANTED)
        assert changes() == before + 1
        settle(store, self.GRANTED.replace(b'guid="x"', b'guid="y"'))
        settle(store, told("CEB623", "399", "110000", preNo="B20260304000000009"))
        assert changes() == before + 1

    @pytest.mark.parametrize("status", ["2", "120", "100", "-623005"])
    def test_an_application_not_granted_ends_nothing(
        self, store: Store, mine: int, application: int, status: str
    ) -> None:
        settle(store, self.ENTERED, told("CEB623", status, "110000"))
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("acknowledged", "120")

    def test_a_granted_application_ends_no_other_list(self, store: Store, mine: int, application: int) -> None:
        (other,) = declare(store, "N2", code="CEB621")
        settle(store, told("CEB621", "120", "100000", copNo="N2", preNo="B9", invtNo=OTHER_LIST_NO), self.GRANTED)
        assert the_record(store, other)["state"] == "acknowledged"

    def test_what_customs_say_of_the_list_later_still_decides(self, store: Store, mine: int, application: int) -> None:
        settle(store, self.ENTERED, self.GRANTED, told("CEB621", "800", "120000", invtNo=LIST_NO))
        assert (the_record(store, mine)["state"], the_record(store, mine)["status"]) == ("succeeded", "800")

    def test_a_grant_that_customs_take_back_is_forgotten(self, store: Store, mine: int, application: int) -> None:
        settle(store, self.ENTERED, self.GRANTED, told("CEB623", "100", "120000"))
        record = the_record(store, mine)
        assert (record["state"], record["status"], len(record["history"])) == ("acknowledged", "120", 1)

    def test_an_application_refused_and_made_again_under_its_number_ends_the_list(
        self, store: Store, mine: int, application: int
    ) -> None:
        settle(store, self.ENTERED, told("CEB623", "100", "103000"))
        later = SENT_AT + timedelta(hours=1, minutes=45)
        declared_as(store, "CEB623", list_no=LIST_NO, sent_at=later)
        settle(store, self.GRANTED)
        assert the_record(store, mine)["state"] == "refused"
        settle(store, told("CEB623", "100", "103000", preNo="B20260304000000007"), told("CEB623", "2", "101000"))
        assert the_record(store, mine)["history"].count(self.SAID) == 1

    def test_a_change_of_the_list_ends_with_it(self, store: Store, mine: int, application: int) -> None:
        settle(store, self.ENTERED)
        change = declared_as(store, "CEB621", app_type="2", sent_at=SENT_AT + timedelta(hours=1, minutes=15))
        settle(store, told("CEB621", "120", "102000", invtNo=LIST_NO), self.GRANTED)
        assert [the_record(store, one)["state"] for one in (mine, change)] == ["refused", "refused"]

    @given(st.permutations(range(5)), st.integers(1, 5))
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_in_any_order_of_arrival_the_list_ends_the_same(self, order: list[int], at_once: int) -> None:
        said = [
            told("CEB621", "2", "095900"),
            self.ENTERED,
            told("CEB623", "2", "103000"),
            told("CEB623", "120", "103001"),
            self.GRANTED,
        ]
        arriving = [said[number] for number in order]
        with tempfile.TemporaryDirectory() as folder, an_open_store(Path(folder)) as store:
            mine = declared_as(store, "CEB621")
            declared_as(store, "CEB623", list_no=LIST_NO)
            for start in range(0, len(arriving), at_once):
                fetch_receipts(store, "sftp", Mailbox(*arriving[start : start + at_once]), StillClock())
                apply_stored(store)
            record = the_record(store, mine)
            assert (record["state"], record["status"]) == ("refused", "cancel:399")
            assert sorted(record["history"])[-1] == self.SAID

    def test_a_returned_list_stays_released(self, store: Store, mine: int) -> None:
        declared_as(store, "CEB625", list_no=LIST_NO)
        settle(store, told("CEB621", "800", "100000", invtNo=LIST_NO))
        before = the_record(store, mine)
        settle(store, told("CEB625", "399", "110000"))
        assert the_record(store, mine) == before
        assert before["state"] == "succeeded"


class TestTaxBills:
    @pytest.fixture
    def released(self, store: Store) -> int:
        mine = declared_as(store, "CEB621")
        settle(store, told("CEB621", "800", "100000", invtNo=LIST_NO))
        return mine

    def test_a_bill_is_kept_with_its_list_and_changes_nothing_of_what_is_shown(
        self, store: Store, released: int
    ) -> None:
        before = the_record(store, released)
        settle(store, a_tax_bill("T1", "1", "090000"))
        after = the_record(store, released)
        assert after["history"] == [*before["history"], ("tax:1", "2026-03-05T09:00:00.000+08:00", "税单 tax bill T1")]
        assert {**after, "history": None} == {**before, "history": None}

    def test_the_outbox_is_written_anew_with_a_bill_and_not_again_when_it_is_repeated(
        self, store: Store, released: int
    ) -> None:
        def changes() -> int:
            with store.read() as connection:
                return int(connection.execute(select(drops.c.changed)).scalar_one())

        before = changes()
        bill = a_tax_bill("T1", "1", "090000")
        settle(store, bill)
        settle(store, bill.replace(b'guid="x"', b'guid="y"'))
        assert changes() == before + 1
        assert len(the_record(store, released)["history"]) == 2

    def test_a_bill_of_another_list_is_nobodys(self, store: Store, released: int) -> None:
        settle(store, a_tax_bill("T1", "1", "090000", list_no=OTHER_LIST_NO))
        assert len(the_record(store, released)["history"]) == 1
        assert states_of_receipts(store) == ["applied", "unmatched"]

    def test_a_bill_that_came_before_its_list_was_numbered_is_copied_to_those_that_are_ours_then(
        self, store: Store, tmp_path: Path
    ) -> None:
        mine = declared_as(store, "CEB621")
        bill = a_tax_bill("T1", "1", "090000")
        settle(store, bill)
        copy_out(store, {"甲": tmp_path}, {"sftp": ["甲"]})
        assert [path.read_bytes() for path in (tmp_path / "outbox").rglob("*.xml")] == [bill]
        settle(store, told("CEB621", "120", "100000", invtNo=LIST_NO))
        copy_out(store, {"甲": tmp_path}, {"sftp": ["甲"]})
        assert bill in [path.read_bytes() for path in (tmp_path / "outbox" / "customs").iterdir()]
        assert [entry[0] for entry in the_record(store, mine)["history"]] == ["120", "tax:1"]
        assert (the_record(store, mine)["state"], the_record(store, mine)["status"]) == ("acknowledged", "120")


class TestDeclaredAgain:
    """The same number, refused, corrected and declared again an hour later."""

    @pytest.fixture
    def both(self, store: Store) -> tuple[int, int]:
        (first,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "-301008", "090005", "参数校验不通过")))
        (second,) = declare(store, "A1", sent_at=SENT_AT + timedelta(hours=1))
        return first, second

    def test_the_answer_to_the_correction_goes_to_the_correction(self, store: Store, both: tuple[int, int]) -> None:
        settle(store, a_receipt(a_return("A1", "120", "100010")))
        assert [the_record(store, one)["state"] for one in both] == ["refused", "succeeded"]

    def test_a_late_receipt_of_the_first_does_not_touch_the_correction(
        self, store: Store, both: tuple[int, int]
    ) -> None:
        settle(store, a_receipt(a_return("A1", "2", "090003")), a_receipt(a_return("A1", "4", "090009")))
        first, second = (the_record(store, one) for one in both)
        assert [entry[0] for entry in first["history"]] == ["-301008", "2", "4"]
        assert (second["state"], second["history"]) == ("sent", [])

    def test_the_refusal_told_again_does_not_touch_the_correction(self, store: Store, both: tuple[int, int]) -> None:
        settle(store, a_receipt(a_return("A1", "-301008", "090005", "参数校验不通过 ")))
        assert [the_record(store, one)["state"] for one in both] == ["refused", "sent"]

    def test_a_quoted_guid_decides_among_declarations_of_one_number(self, store: Store, both: tuple[int, int]) -> None:
        guid = the_record(store, both[1])["guid"]
        settle(store, a_receipt(a_return("A1", "120", "095000", f"新增申报成功[{guid.lower()}]")))
        assert [the_record(store, one)["state"] for one in both] == ["refused", "succeeded"]

    def test_a_quoted_guid_of_another_order_is_no_key(self, store: Store, both: tuple[int, int]) -> None:
        (other,) = declare(store, "A2")
        guid = the_record(store, other)["guid"]
        settle(store, a_receipt(a_return("A1", "120", "100010", f"新增申报成功[{guid}]")))
        assert the_record(store, other)["state"] == "sent"
        assert the_record(store, both[1])["state"] == "succeeded"

    def test_a_clock_some_seconds_ahead_of_customs_does_not_give_the_answer_to_the_first(
        self, store: Store, both: tuple[int, int]
    ) -> None:
        settle(store, a_receipt(a_return("A1", "120", "095945")))
        assert [the_record(store, one)["state"] for one in both] == ["refused", "succeeded"]

    def test_a_correction_within_seconds_leaves_the_late_word_about_the_first_where_it_belongs(
        self, store: Store
    ) -> None:
        (first,) = declare(store, "B1")
        settle(store, a_receipt(a_return("B1", "-301008", "090005")))
        (second,) = declare(store, "B1", sent_at=SENT_AT + timedelta(seconds=20))
        settle(store, a_receipt(a_return("B1", "2", "090004")), a_receipt(a_return("B1", "120", "090030")))
        told = [[status for status, _, _ in the_record(store, one)["history"]] for one in (first, second)]
        assert told == [["-301008", "2"], ["120"]]

    def test_what_was_told_of_a_list_is_not_told_of_its_change_when_it_comes_again(self, store: Store) -> None:
        """The customs' clock is ahead: the entry seems to be later than the change."""
        (first,) = declare(store, "L1", code="CEB621")
        entry = a_list_return("L1", "120", "100500")
        settle(store, a_receipt(entry))
        (change,) = declare(store, "L1", code="CEB621", sent_at=SENT_AT + timedelta(hours=1))
        settle(store, a_receipt(entry, prefix="ceb"))
        assert [len(the_record(store, one)["history"]) for one in (first, change)] == [1, 0]


class TestOrderOfTime:
    def test_a_released_list_stays_released_when_earlier_words_come_late(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        for status, at in (("800", "100300"), ("2", "100000"), ("120", "100100")):
            settle(store, a_receipt(a_list_return("L1", status, at)))
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("succeeded", "800")

    def test_released_may_be_followed_by_closed(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "800", "100000")), a_receipt(a_list_return("L1", "899", "110000")))
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("succeeded", "899")

    def test_a_refusal_after_entry_wins_over_the_entry(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "100", "110000"), a_list_return("L1", "120", "100000")))
        assert the_record(store, mine)["state"] == "refused"

    def test_of_words_of_one_moment_the_one_further_along_counts(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        settle(store, a_receipt(a_list_return("L1", "120", "100000"), a_list_return("L1", "2", "100000")))
        assert the_record(store, mine)["status"] == "120"

    def test_a_return_without_a_time_never_outweighs_one_that_has_one(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", "100000")), a_receipt(a_return("A1", "2", "soon")))
        assert the_record(store, mine)["state"] == "succeeded"

    @pytest.mark.parametrize("text", ["2026-03-04 10:00:00.123", "20260304100000123", "2026/03/04 10:00:00:123"])
    def test_a_time_is_read_in_any_punctuation(self, store: Store, text: str) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "120", text)))
        assert the_record(store, mine)["time"] == "2026-03-04T10:00:00.123+08:00"

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        told=st.lists(
            st.tuples(
                st.sampled_from(["1", "2", "3", "120", "300", "500", "100", "-621003", "399", "800", "899"]),
                st.sampled_from(["100000", "100001", "100002", ""]),
                st.sampled_from(["B20260304000000001", "B20260304000000002", ""]),
            ),
            min_size=1,
            max_size=6,
        ),
        data=st.data(),
    )
    def test_any_order_of_arrival_and_any_repetition_give_the_same_record(
        self, told: list[tuple[str, str, str]], data: st.DataObject
    ) -> None:
        returns = [a_list_return("L1", status, at, preNo=number) for status, at, number in told]
        again = data.draw(st.lists(st.sampled_from(returns), max_size=4))
        shuffled = data.draw(st.permutations([*returns, *again]))
        grouped = data.draw(st.integers(1, 3))
        seen = []
        for arriving in ([a_receipt(one) for one in returns], _grouped(shuffled, grouped)):
            with tempfile.TemporaryDirectory() as folder, an_open_store(Path(folder)) as store:
                (mine,) = declare(store, "L1", code="CEB621")
                settle(store, *arriving)
                record = the_record(store, mine)
                names = ("state", "status", "info", "time", "pre_no")
                seen.append(([record[name] for name in names], sorted(record["history"])))
        assert seen[0] == seen[1]


def _grouped(returns: list[str], size: int) -> list[bytes]:
    return [a_receipt(*returns[start : start + size]) for start in range(0, len(returns), size)]


class TestAlreadyThere:
    ALREADY = a_receipt(a_return("A1", "-301010", "090700", "已存在相同编号的订单"))

    def test_after_a_hand_over_in_doubt_it_is_evidence_of_arrival(self, store: Store) -> None:
        (mine,) = declare(store, "A1", earlier_attempts=("in_doubt",))
        settle(store, self.ALREADY)
        assert the_record(store, mine)["state"] == "acknowledged"

    def test_after_a_kill_between_hand_over_and_outcome_it_is_evidence_too(self, store: Store) -> None:
        (mine,) = declare(store, "A1", earlier_attempts=(None,))
        settle(store, self.ALREADY)
        assert the_record(store, mine)["state"] == "acknowledged"

    def test_evidence_does_not_outweigh_what_customs_say_of_the_declaration(self, store: Store) -> None:
        (mine,) = declare(store, "A1", earlier_attempts=("in_doubt",))
        settle(store, self.ALREADY, a_receipt(a_return("A1", "120", "090100")))
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("succeeded", "120")

    def test_without_doubt_it_is_a_refusal(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, self.ALREADY)
        assert the_record(store, mine)["state"] == "refused"

    def test_an_attempt_that_certainly_failed_leaves_no_doubt(self, store: Store) -> None:
        (mine,) = declare(store, "A1", earlier_attempts=("failed",))
        settle(store, self.ALREADY)
        assert the_record(store, mine)["state"] == "refused"

    def test_another_refusal_stays_one_after_a_doubt(self, store: Store) -> None:
        (mine,) = declare(store, "A1", earlier_attempts=("in_doubt",))
        settle(store, a_receipt(a_return("A1", "-301008", "090700")))
        assert the_record(store, mine)["state"] == "refused"


class TestWholeMessages:
    def test_a_message_that_fails_the_format_check_is_refused_with_all_its_records(self, store: Store) -> None:
        mine = declare(store, "A1", "A2")
        (other,) = declare(store, "A3")
        settle(store, a_refusal(the_record(store, mine[0])["message_cop_msg_id"]))
        assert {the_record(store, one)["state"] for one in mine} == {"refused"}
        assert the_record(store, other)["state"] == "sent"

    def test_a_message_whose_envelope_others_made_is_known_by_the_guid_of_the_message_quoted(
        self, store: Store
    ) -> None:
        (mine,) = declare(store, "A1", cop_msg_id="made-elsewhere")
        guid = the_record(store, mine)["message_guid"]
        quoted = f'<?xml version="1.0"?><ceb:CEB311Message xmlns:ceb="{CEB}" guid="{guid}" version="1.0">'
        settle(store, a_refusal("9f1c-of-the-client", quoted=quoted))
        assert the_record(store, mine)["state"] == "refused"

    def test_a_format_check_of_someone_elses_message_touches_nothing(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_refusal("unknown"))
        assert the_record(store, mine)["state"] == "sent"
        assert states_of_receipts(store) == ["unmatched"]

    @pytest.mark.parametrize(
        ("code", "state"),
        [
            ("0000", "acknowledged"),  # taken
            ("0002", "refused"),  # schema
            ("1001", "refused"),  # signature
            ("2001", "refused"),  # receiver
            ("3003", "sent"),  # a fault of the platform: nobody knows what became of the message
            ("OK", "sent"),  # not in the table: not interpreted
        ],
    )
    def test_the_platforms_answer_to_an_envelope(self, store: Store, code: str, state: str) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_platform_answer(the_record(store, mine)["message_cop_msg_id"], code, "说明"))
        record = the_record(store, mine)
        assert (record["state"], record["status"], record["info"]) == (state, f"dxp:{code}", "说明")

    def test_what_customs_say_of_a_record_outweighs_the_platforms_word_on_its_envelope(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        taken = a_platform_answer(the_record(store, mine)["message_cop_msg_id"], "0000")
        settle(store, a_receipt(a_return("A1", "-301008", "090003")), taken)
        assert the_record(store, mine)["state"] == "refused"


class TestBrokenAndForeign:
    def test_a_receipt_cut_in_half_is_parked_and_later_ones_still_apply(self, store: Store, tmp_path: Path) -> None:
        (mine,) = declare(store, "A1")
        whole = a_receipt(a_return("A1", "120", "100000"))
        settle(store, whole[: len(whole) // 2], b"", b"\x00\xff garbage", whole)
        assert states_of_receipts(store) == ["unreadable", "unreadable", "unreadable", "applied"]
        assert the_record(store, mine)["state"] == "succeeded"
        folder = tmp_path / "甲"
        copy_out(store, {"甲": folder}, {"sftp": ["甲"]})
        parked = sorted((folder / "outbox" / "unmatched").glob("*.xml"))
        assert [path.read_bytes() for path in parked] == [whole[: len(whole) // 2], b"", b"\x00\xff garbage"]
        assert "CEBD-1704" in parked[0].with_name(f"{parked[0].name}.problem.txt").read_text(encoding="utf-8")
        assert [path.read_bytes() for path in (folder / "outbox" / "customs").iterdir()] == [whole]

    def test_a_receipt_that_breaks_us_does_not_hold_up_the_others(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (mine,) = declare(store, "A1")
        import cebd.receipts.settle as module

        original = module.read_returns

        def breaks(content: bytes) -> Any:
            if b"poison" in content:
                raise RuntimeError("a mistake of ours")
            return original(content)

        monkeypatch.setattr(module, "read_returns", breaks)
        mailbox = Mailbox(f'<poison xmlns="{CEB}"/>'.encode(), a_receipt(a_return("A1", "120", "100000")))
        fetch_receipts(store, "sftp", mailbox, StillClock())
        apply_stored(store)
        assert states_of_receipts(store) == ["unreadable", "applied"]
        assert the_record(store, mine)["state"] == "succeeded"

    def test_a_receipt_that_breaks_us_halfway_leaves_nothing_of_itself(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (mine,) = declare(store, "A1")
        import cebd.receipts.settle as module

        def breaks(*_: Any) -> None:
            raise RuntimeError("a mistake of ours")

        monkeypatch.setattr(module, "end_overdue", breaks)
        settle(store, a_receipt(a_return("A1", "120", "100000")))
        record = the_record(store, mine)
        assert (record["state"], record["history"]) == ("sent", [])
        assert states_of_receipts(store) == ["unreadable"]

    def test_a_declaration_among_the_receipts_is_none(self, store: Store) -> None:
        settle(store, f'<CEB311Message xmlns="{CEB}" guid="x" version="1.0"/>'.encode())
        assert states_of_receipts(store) == ["unreadable"]

    def test_one_that_cannot_be_fetched_does_not_hold_up_those_behind_it(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        mailbox = Mailbox(b"<x/>", a_receipt(a_return("A1", "120", "100000")))
        mailbox.unfetchable = {"0000.xml"}
        with pytest.raises(OSError, match=r"0000\.xml"):
            fetch_receipts(store, "sftp", mailbox, StillClock())
        apply_stored(store)
        assert mailbox.waiting() == ["0000.xml"]
        assert the_record(store, mine)["state"] == "succeeded"

    def test_many_that_cannot_be_fetched_hold_up_none_behind_them(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        mailbox = Mailbox(*[b"<x/>"] * 6, a_receipt(a_return("A1", "120", "100000")))
        mailbox.unfetchable = {f"{number:04d}.xml" for number in range(6)}
        with pytest.raises(NotAllTaken, match=r"0000\.xml.*; 3 more"):
            fetch_receipts(store, "sftp", mailbox, StillClock())
        apply_stored(store)
        assert the_record(store, mine)["state"] == "succeeded"

    def test_a_line_that_goes_down_ends_the_look(self, store: Store) -> None:
        mailbox = Mailbox(b"<x/>", a_receipt(a_return("A1", "120", "100000")))

        def down(name: str) -> bytes:
            raise ChannelError("CEBD-1601", name)

        mailbox.fetch = down  # type: ignore[method-assign]
        with pytest.raises(ChannelError, match="0000"):
            fetch_receipts(store, "sftp", mailbox, StillClock())

    def test_a_message_of_another_system_is_left_where_it_is(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        foreign = b"<Package><EnvelopInfo><message_type>INV201</message_type></EnvelopInfo></Package>"
        mailbox = Mailbox(foreign, a_receipt(a_return("A1", "120", "100000")))
        assert fetch_receipts(store, "sftp", mailbox, StillClock()) == 1
        apply_stored(store)
        assert (mailbox.there, mailbox.left) == ({"0000.xml": foreign}, {"0000.xml": "CEBD-1713"})
        assert the_record(store, mine)["state"] == "succeeded"

    def test_a_receipt_with_a_bare_ampersand_is_applied_and_its_record_says_so_once(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        receipt = a_receipt(a_return("A1", "-301008", "100000", "地址 A@B 座有误")).replace(b"@", b"&")
        settle(store, receipt, receipt.replace(b"<?xml", b"\n<?xml"))
        record = the_record(store, mine)
        assert (record["state"], record["info"]) == ("refused", "地址 A&B 座有误")
        assert [one["id"] for one in json.loads(record["problems"])] == ["CEBD-1712"]
        assert states_of_receipts(store) == ["applied", "applied"]

    def test_a_receipt_whose_words_the_store_does_not_take_is_parked_alone(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine, other = declare(store, "A1", "A2")
        import cebd.receipts.settle as module

        original = module._write

        def breaks(connection: Any, receipt_id: int, changed: Any) -> None:
            original(connection, receipt_id, changed)
            if receipt_id == 1:
                connection.execute(insert(receipts).values(id=1))

        monkeypatch.setattr(module, "_write", breaks)
        mailbox = Mailbox(*(a_receipt(a_return(number, "120", "100000")) for number in ("A1", "A2")))
        fetch_receipts(store, "sftp", mailbox, StillClock())
        apply_stored(store)
        assert [the_record(store, one)["state"] for one in (mine, other)] == ["sent", "succeeded"]
        assert states_of_receipts(store) == ["unreadable", "applied"]

    def test_a_receipt_fetched_again_after_a_kill_is_stored_once(self, store: Store) -> None:
        content = a_receipt(a_return("A1", "120", "100000"))
        assert fetch_receipts(store, "sftp", Mailbox(content), StillClock()) == 1
        assert fetch_receipts(store, "sftp", Mailbox(content), StillClock()) == 0
        assert states_of_receipts(store) == ["stored"]

    def test_an_enterprise_that_left_the_settings_does_not_hold_up_the_copies_of_others(
        self, store: Store, tmp_path: Path
    ) -> None:
        declare(store, "A1", enterprise="旧")
        declare(store, "A2")
        settle(store, a_receipt(a_return("A1", "120", "100000")), a_receipt(a_return("A2", "120", "100000")))
        assert copy_out(store, {"甲": tmp_path / "甲"}, {"sftp": ["甲"]}) == 2
        assert len(list((tmp_path / "甲" / "outbox" / "customs").iterdir())) == 1


class TestC15:
    """Case C15: the same receipt in an envelope and bare in GB 2312, in both orders, each twice, and one cut at half between."""

    @pytest.mark.parametrize("bare_first", [True, False])
    def test_one_order_state_2_one_entry_both_files_kept(self, store: Store, tmp_path: Path, bare_first: bool) -> None:
        (mine,) = declare(store, "C15-0001")
        bare = (CASES / "C15-receipt-gb2312.xml").read_bytes()
        enveloped = (CASES / "C15-receipt-in-dxp-envelope.xml").read_bytes()
        first, second = (bare, enveloped) if bare_first else (enveloped, bare)
        settle(store, first, first, first[: len(first) // 2], second, second)
        record = the_record(store, mine)
        assert (record["state"], record["status"]) == ("acknowledged", "2")
        assert record["history"] == [("2", "2025-01-02T03:05:10.123+08:00", "新增申报成功[订单:C15-0001]")]
        copy_out(store, {"甲": tmp_path / "甲"}, {"sftp": ["甲"]})
        kept = (tmp_path / "甲" / "outbox" / "customs").iterdir()
        assert sorted(path.read_bytes() for path in kept) == sorted([bare, enveloped])


class TestOverdue:
    def minutes_later(self, minutes: float) -> StillClock:
        return StillClock(SENT_AT + timedelta(minutes=minutes))

    def test_a_message_without_any_receipt_is_reported_once(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        assert overdue(store, self.minutes_later(29), 30) == []
        assert overdue(store, self.minutes_later(31), 30) == [the_record(store, mine)["message_guid"]]
        assert overdue(store, self.minutes_later(32), 30) == []
        waiting = the_record(store, mine)["waiting"]
        assert waiting["id"] == "CEBD-1703"
        assert "31" in waiting["en"]

    def test_a_record_forgotten_among_answered_ones_is_noticed(self, store: Store) -> None:
        declare(store, "A1", "A2")
        settle(store, a_receipt(a_return("A1", "2", "090010")))
        assert len(overdue(store, self.minutes_later(31), 30)) == 1

    def test_an_answered_message_is_not_overdue(self, store: Store) -> None:
        declare(store, "A1")
        settle(store, a_receipt(a_return("A1", "2", "090010")))
        assert overdue(store, self.minutes_later(600), 30) == []

    def test_the_mark_goes_when_the_answer_comes(self, store: Store) -> None:
        first, second = declare(store, "A1", "A2")
        overdue(store, self.minutes_later(31), 30)
        settle(store, a_receipt(a_return("A1", "2", "093500")))
        assert the_record(store, second)["waiting"] is not None
        settle(store, a_receipt(a_return("A2", "2", "093500")))
        assert the_record(store, first)["waiting"] is None


class TestWork:
    def test_a_hundred_returns_among_a_hundred_thousand_records_are_quick(self, store: Store) -> None:
        numbers = [f"N{number:06d}" for number in range(100)]
        declare(store, *numbers)
        drop = a_drop(store, "many.xlsx")
        for start in range(0, 100_000, 10_000):
            rows = [
                {
                    "drop_id": drop,
                    "message_id": None,
                    "enterprise": "甲",
                    "type": "CEB311",
                    "key": f"9900000001\x1f9900000002\x1fM{number:06d}",
                    "guid": f"{number:036d}",
                    "sheet": "Sheet1",
                    "row": number,
                    "rows": str(number),
                    "content": b"",
                    "state": "rejected",
                    "active": False,
                    "repeat_of": None,
                    "problems": None,
                }
                for number in range(start, start + 10_000)
            ]
            with store.write() as connection:
                connection.execute(insert(records), rows)
        began = time.process_time()
        settle(store, a_receipt(*(a_return(number, "120", "100000") for number in numbers)))
        took = time.process_time() - began
        assert states_of_receipts(store) == ["applied"]
        assert took < 1.0

    def test_what_was_told_before_does_not_have_everything_published_anew(self, store: Store) -> None:
        declare(store, "A1")
        with store.read() as connection:
            before = connection.execute(select(drops.c.changed)).scalar_one()
        settle(store, a_receipt(a_return("A1", "2", "100000")))
        with store.read() as connection:
            once = connection.execute(select(drops.c.changed)).scalar_one()
        settle(store, a_receipt(a_return("A1", "2", "100000")))
        with store.read() as connection:
            twice = connection.execute(select(drops.c.changed)).scalar_one()
        assert before < once == twice
