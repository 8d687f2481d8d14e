"""What a file without rows is answered: in an operator's words, of her own enterprise alone."""

from __future__ import annotations

from pathlib import Path

from builders.customs_answers import an_answer, declare_n1
from builders.declared import EBP, a_drop, an_open_store, declare, settle
from cebd.intake.inboxes.wishes import Asked, Wish
from cebd.operations.inquiries.asked import Answers, Doing
from cebd.store.store import Store

TROUBLE = ("签名的 UKey 暂时不可用", "the token is not available")


def answers(store: Store, language: str = "zh", tried: list[str] | None = None) -> Answers:
    doing = Doing(
        lambda _name: [TROUBLE], (tried if tried is not None else []).append, lambda _name: ["订单 order.xlsx"]
    )
    return Answers(store, doing, language)


def test_who_asks_for_the_state_reads_every_trouble_and_the_latest_files(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "A1", "A2", drop=a_drop(store, "订单.xlsx"))
        text = answers(store).answer("甲", Wish(Asked.STATUS))
    assert text.splitlines() == [
        TROUBLE[0],
        "最近的 1 个文件：",
        "  2026-03-04 08:59  订单.xlsx  已处理　2 单待回执",
    ]


def test_who_asks_after_a_number_reads_what_became_of_it_and_nothing_of_other_enterprises(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "A1", drop=a_drop(store, "订单.xlsx"), order_no=f"A1\x1f{EBP}")
        declare(
            store, "B1", drop=a_drop(store, "secret.xlsx", enterprise="乙"), enterprise="乙", order_no=f"B1\x1f{EBP}"
        )
        asked = answers(store, "both")
        own = asked.answer("甲", Wish(Asked.QUERY, "A1"))
        others = asked.answer("甲", Wish(Asked.QUERY, "B1"))
        file = asked.answer("甲", Wish(Asked.QUERY, "secret.xlsx"))
    assert "订单：待回执（订单.xlsx，第 2 行）" in own
    assert "awaits its answer (订单.xlsx, row 2)" in own
    for text in (others, file):
        assert "没有这个文件名或编号。" in text
        assert "待回执" not in text


def test_who_writes_several_numbers_reads_what_became_of_each(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare(store, "A1", drop=a_drop(store, "订单.xlsx"), order_no=f"A1\x1f{EBP}")
        text = answers(store).answer("甲", Wish(Asked.QUERY, "请查：A1，B2 谢谢"))
    assert text.splitlines() == [
        "查询：A1",
        "  电子订单：待回执（订单.xlsx，第 2 行）",
        "查询：B2",
        "  没有这个文件名或编号。",
    ]


def test_a_released_list_is_called_released(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        declare_n1(store, "CEB621", drop=a_drop(store, "清单.xlsx", type="CEB621"))
        settle(store, an_answer("CEB621", "800", "100000", invtNo="51412026I000000001"))
        text = answers(store).answer("甲", Wish(Asked.QUERY, "51412026I000000001"))
    assert "进口清单：已放行（清单.xlsx，第 2 行）" in text


def test_who_asks_to_try_again_has_it_tried_for_her_enterprise(tmp_path: Path) -> None:
    tried: list[str] = []
    with an_open_store(tmp_path) as store:
        text = answers(store, tried=tried).answer("甲", Wish(Asked.RETRY))
    assert tried == ["甲"]
    assert "不会重复申报" in text
    assert TROUBLE[0] in text


def test_an_answer_names_the_templates_in_english_where_that_is_the_language(tmp_path: Path) -> None:
    with an_open_store(tmp_path) as store:
        text = answers(store, "en").answer("甲", Wish(Asked.TEMPLATE))
    assert text.splitlines()[1] == "  订单 order.xlsx"
    assert "Fill one in" in text
    assert "填好" not in text
