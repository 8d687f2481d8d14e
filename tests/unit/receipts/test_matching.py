"""Which declaration a receipt speaks of: told by business keys and numbers, by a whole message's id, and by nothing less."""

from __future__ import annotations

import pytest

from builders.customs_answers import (
    a_format_refusal,
    a_platform_answer,
)
from builders.customs_messages import CEB
from builders.declared import (
    a_list_return,
    a_receipt,
    a_return,
    declare,
    remove_content,
    settle,
    states_of_receipts,
    the_record,
)
from cebd.store.store import Store


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

    def test_they_are_held_against_those_of_a_list_whose_content_was_removed_years_ago(self, store: Store) -> None:
        (mine,) = declare(store, "L1", code="CEB621")
        remove_content(store)
        foreign = a_list_return("L1", "100", "100000", leave_out=("agentCode",), customsCode="1501")
        settle(store, a_receipt(foreign))
        assert the_record(store, mine)["state"] == "sent"
        settle(store, a_receipt(a_list_return("L1", "120", "100000", leave_out=("agentCode",))))
        assert the_record(store, mine)["state"] == "acknowledged"

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


class TestWholeMessages:
    def test_a_message_that_fails_the_format_check_is_refused_with_all_its_records(self, store: Store) -> None:
        mine = declare(store, "A1", "A2")
        (other,) = declare(store, "A3")
        settle(store, a_format_refusal(the_record(store, mine[0])["message_cop_msg_id"]))
        assert {the_record(store, one)["state"] for one in mine} == {"refused"}
        assert the_record(store, other)["state"] == "sent"

    def test_a_message_whose_envelope_others_made_is_known_by_the_guid_of_the_message_quoted(
        self, store: Store
    ) -> None:
        (mine,) = declare(store, "A1", cop_msg_id="made-elsewhere")
        guid = the_record(store, mine)["message_guid"]
        quoted = f'<?xml version="1.0"?><ceb:CEB311Message xmlns:ceb="{CEB}" guid="{guid}" version="1.0">'
        settle(store, a_format_refusal("9f1c-of-the-client", quoted=quoted))
        assert the_record(store, mine)["state"] == "refused"

    def test_a_format_check_of_someone_elses_message_touches_nothing(self, store: Store) -> None:
        (mine,) = declare(store, "A1")
        settle(store, a_format_refusal("unknown"))
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
