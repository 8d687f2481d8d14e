"""`cebd explain` as a user types it."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cebd.cli.main import app
from cebd.cli.questions.explain import explain as command
from cebd.problems.problem import catalogue


def explain(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments])


def as_json(*arguments: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(explain(*arguments, "--json").stdout)
    return told


@pytest.mark.parametrize("typed", ["-621005", "621005"])
def test_an_error_code_is_explained_in_chinese_before_english(typed: str) -> None:
    told = explain(typed)
    assert told.exit_code == 0
    lines = told.stdout.splitlines()
    assert lines[0] == "-621005  超过单次交易限值（清单）"
    assert [line.split("：")[0].strip() for line in lines[1:4]] == ["原因", "含义", "处理"]
    assert lines[4] == "-621005  The purchase exceeds the limit for one transaction (inventory list)"
    assert [line.split(":")[0].strip() for line in lines[5:]] == ["Cause", "Meaning", "Next"]


@pytest.mark.parametrize("typed", ["0002", "dxp:0002", "DXP:0002"])
def test_a_platform_code_is_known_with_and_without_its_prefix(typed: str) -> None:
    told = as_json(typed)
    assert (told["v"], told["code"], told["known"], len(told["meanings"])) == (1, "dxp:0002", True, 1)
    assert "schema" in told["meanings"][0]["zh"]


def test_a_status_shows_what_it_means_for_each_declaration() -> None:
    types = [type_ for meaning in as_json("100")["meanings"] for type_ in meaning["types"]]
    assert types == sorted(set(types))
    assert len(types) == len(as_json("100")["meanings"])
    assert {"CEB311", "CEB411", "CEB511", "CEB513", "CEB621", "CEB623", "CEB625", "CEB711"} <= set(types)


@pytest.mark.parametrize("type_", ["CEB621", "CEB622", "ceb621", "622", "inventory", "CEB621Message"])
def test_the_type_may_be_a_message_its_receipt_or_a_name(type_: str) -> None:
    told = as_json("100", "--type", type_)
    assert [one["types"] for one in told["meanings"]] == [["CEB621"]]


def test_a_code_with_two_meanings_shows_both_and_says_so() -> None:
    told = explain("-621027")
    assert told.exit_code == 0
    assert told.stdout.startswith("-621027 有 2 种含义")
    assert "清单状态已变" in told.stdout
    assert "gnum 重复" in told.stdout


def test_the_text_decides_between_two_meanings() -> None:
    (meant,) = as_json("-625022", "--text", "退货申请单[R1]已经申报过，请勿重复申报")["meanings"]
    assert "已经申报过" in meant["zh"]


@pytest.mark.parametrize(("typed", "type_"), [("tax:3", None), ("3", "CEB816"), ("3", "818")])
def test_a_tax_bill_has_statuses_of_its_own(typed: str, type_: str | None) -> None:
    (meant,) = as_json(typed, *(("--type", type_) if type_ else ()))["meanings"]
    assert meant["zh"] == "电子税单已作废"


def test_a_problem_of_cebd_is_explained_from_the_catalogue() -> None:
    told = explain("CEBD-1703")
    assert told.exit_code == 0
    assert "‹minutes›" in told.stdout
    assert as_json("cebd-1703")["problem"]["fix_zh"] == catalogue()["CEBD-1703"]["fix_zh"]


def test_every_problem_of_the_catalogue_can_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for id_ in catalogue():
        command(id_)  # ends what runs where it does not know one
        assert capsys.readouterr().out.startswith(id_)


@pytest.mark.parametrize("typed", ["-301099", "777", "4001", "-7", "CEBD-1298", "CEBD-9901", "CEBD-x"])
def test_an_unknown_code_is_said_to_be_unknown_and_ends_with_2(typed: str) -> None:
    told = explain(typed)
    assert told.exit_code == 2
    assert "没有" in told.stdout
    assert as_json(typed)["known"] is False


def test_an_unknown_code_is_named_as_it_was_typed() -> None:
    assert "-99999" not in explain("99999").stdout
    assert as_json("99999")["code"] == "99999"
    assert "没有 621999（按 -621999 查找）" in explain("621999").stdout


def test_of_an_unknown_code_its_family_is_told() -> None:
    assert "订单" in explain("-301099").stdout
    assert "CEBD-1703" in explain("CEBD-1799").stdout


def test_a_status_of_other_declarations_is_shown_as_theirs() -> None:
    told = explain("800", "--type", "order")
    assert told.exit_code == 2
    assert "CEB311 的回执没有 800" in told.stdout
    assert "放行（清单）" in told.stdout


@pytest.mark.parametrize("arguments", [("abc",), (), ("800", "--all"), ("800", "--type", "parcel"), ("--", "--1")])
def test_what_cannot_be_explained_is_a_mistake_of_use(arguments: tuple[str, ...]) -> None:
    told = explain(*arguments)
    assert (told.exit_code, told.stdout) == (2, "")
    assert told.stderr


class TestTheWholeBook:
    def test_it_is_a_table_of_every_code_and_problem(self) -> None:
        told = explain("--all")
        assert told.exit_code == 0
        first = {line.split(" | ")[0].strip() for line in told.stdout.splitlines() if " | " in line}
        assert {"1", "899", "tax:1", "dxp:0002", "-10101", "-621027", "-800006", "CEBD-1203"} <= first

    def test_its_columns_stand_under_each_other(self) -> None:
        def columns(text: str) -> int:
            return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)

        lines = [line.split(" | ") for line in explain("--all").stdout.splitlines() if " | " in line]
        assert len(lines) > 1000
        assert {len(line) for line in lines} <= {3, 4}
        assert {tuple(map(columns, line[:3])) for line in lines if len(line) == 4} == {(13, 7, 68)}
        assert max(columns(line[3]) for line in lines if len(line) == 4) <= 68

    def test_it_can_be_had_for_one_declaration(self) -> None:
        told = as_json("--all", "--type", "payment")
        assert {type_ for one in told["entries"] for type_ in one["types"]} >= {"CEB411"}
        assert not [one for one in told["entries"] if one["types"] and "CEB411" not in one["types"]]

    def test_scripts_get_all_of_it(self) -> None:
        told = as_json("--all")
        assert len(told["entries"]) > 200
        assert len(told["problems"]) == len(catalogue())
