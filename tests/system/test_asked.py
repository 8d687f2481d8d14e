"""An operator who has nothing but a shared folder asks, and has work tried again."""

from __future__ import annotations

import shutil
from pathlib import Path

from python_calamine import CalamineWorkbook

from builders.stations import TryStation
from builders.waiting import until
from cebd.trial.rows import order_rows


def answer(station: TryStation, name: str) -> str:
    found = until(lambda: sorted(station.outbox.glob(f"{name} *.txt")), f"the answer to {name}")
    return found[-1].read_text(encoding="utf-8-sig")


def test_a_question_dropped_beside_orders_is_answered_and_the_orders_are_declared(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        shutil.rmtree(station.share / "模板")
        station.start()
        station.drop_rows("a.xlsx", "order", list(order_rows(2)))
        station.final_receipt("a")
        number = str(next(order_rows(1))["head.orderNo"])
        (station.inbox / "查询.txt").write_text(number, encoding="utf-8")
        (station.inbox / "模板").touch()
        (station.inbox / "重试").touch()
        assert f"查询：{number}" in answer(station, "查询")
        assert "已入库" in answer(station, "查询") or "成功" in answer(station, "查询")
        assert "操作手册.html" in answer(station, "模板")
        assert "不会重复申报" in answer(station, "重试")
        until(lambda: not [path for path in station.inbox.iterdir() if path.is_file()], "the questions put away")
    assert len(list((station.share / "模板").glob("*.xlsx"))) == 6


def test_numbers_are_looked_up_in_the_ledger_and_in_the_answer_to_a_file_of_them(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        station.start()
        station.drop_rows("a.xlsx", "order", list(order_rows(2)))
        station.final_receipt("a")
        number = str(next(order_rows(1))["head.orderNo"])
        until(
            lambda: [row[1] for row in cells(station.share / "台账.xlsx")[2:]][:1] == [number],
            "the ledger to tell of the order",
        )
        station.drop_rows("查询/客户.xlsx", "order", list(order_rows(1)))
        (book,) = until(lambda: list(station.outbox.rglob("查询 客户.xlsx")), "the answer")
        ledger = station.share / "台账.xlsx"
        (station.inbox / ledger.name).write_bytes(ledger.read_bytes())
        until((station.share / "error/台账.xlsx.problem.txt").exists, "the ledger refused as a declaration")
    assert [(row[0], row[1].partition("（")[0]) for row in cells(book)[2:]] == [(number, "已入库")]
    assert [row[0].partition("（")[0] for row in cells(ledger)[2:]] == ["已入库", "已入库"]
    assert "CEBD-1059" in (station.share / "error/台账.xlsx.problem.txt").read_text(encoding="utf-8")


def cells(workbook: Path) -> list[list[str]]:
    """The first sheet; nothing where it is not there yet."""
    if not workbook.exists():
        return []
    return [list(map(str, row)) for row in CalamineWorkbook.from_path(workbook).get_sheet_by_index(0).to_python()]
