"""The customs side takes files up once, answers when it should, and goes on where it was killed."""

from __future__ import annotations

import base64
import errno
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from builders.customs_messages import (
    CEB,
    a_list,
    a_message,
    an_envelope,
    an_order,
    make_key,
    needs_xmlsec1,
    new_guid,
    signed,
)
from builders.papers import OFFICIAL, needs_official
from builders.trial_messages import of_rows
from builders.waiting import until
from cebd.clock import CST
from cebd.sandbox.desk import Desk
from cebd.sandbox.home import prepare
from cebd.sandbox.ledger import read_ledger
from cebd.sandbox.scenario import Scenario
from cebd.trial.rows import (
    cancel_rows,
    delivery_rows,
    inventory_rows,
    payment_rows,
    return_rows,
    waybill_rows,
    waybill_status_rows,
)

DXP = "http://www.chinaport.gov.cn/dxp"
QUICK = {"answer_seconds": 0.0, "step_seconds": 0.0, "entered_at_once": True}


def put(folder: Path, name: str, content: bytes) -> None:
    part = folder / "in" / f"{name}.part"
    part.write_bytes(content)
    part.rename(folder / "in" / name)


def receipts(folder: Path, said: list[str] | None = None) -> list[Path]:
    """Every receipt; in the order in which they were put out, where it was listened to what the desk said."""
    if said is None:
        return sorted((folder / "out").iterdir())
    return [folder / "out" / line.removeprefix("answered ") for line in said if line.startswith("answered ")]


def returns(folder: Path, said: list[str] | None = None) -> list[dict[str, str]]:
    found = []
    for path in receipts(folder, said):
        for one in etree.parse(path).getroot():
            found.append({etree.QName(child).localname: child.text or "" for child in one})
    return found


@contextmanager
def desk_of(folder: Path, said: list[str] | None = None, **scenario: Any) -> Iterator[None]:
    prepare(folder)
    desk = Desk(folder, Scenario(**{**QUICK, **scenario}), (said if said is not None else []).append)
    desk.start()
    try:
        yield
    finally:
        desk.stop()


def quiet(folder: Path) -> bool:
    """Whether nothing is left to take up or to answer."""
    return not list((folder / "in").iterdir()) and not list((folder / "pending").iterdir())


def played(folder: Path, *contents: bytes, **scenario: Any) -> list[str]:
    """Let customs work through these files, one after the other; what was said."""
    said: list[str] = []
    with desk_of(folder, said, **scenario):
        for number, content in enumerate(contents):
            put(folder, f"m{number}.xml", content)
            until(lambda: quiet(folder), "all answered")
    return said


def test_an_order_is_answered_twice_in_messages_of_the_official_form(tmp_path: Path) -> None:
    guid = new_guid()
    said = played(tmp_path, an_envelope(a_message(an_order("A1", guid=guid), an_order("A2"))))
    declared, entered = receipts(tmp_path, said)
    root = etree.parse(entered).getroot()
    assert root.tag == f"{{{CEB}}}CEB312Message"
    assert b"<CEB312Message xmlns=" in entered.read_bytes()
    first, other, then, _ = returns(tmp_path, said)
    assert (first["orderNo"], first["ebpCode"], first["ebcCode"]) == ("A1", "9900000001", "9900000002")
    assert (other["orderNo"], first["returnStatus"], then["returnStatus"]) == ("A2", "2", "120")
    assert first["returnInfo"] == f"新增申报成功[{guid}]"
    assert len({one["guid"] for one in returns(tmp_path)} | {guid}) == 5
    assert all(one["guid"] == one["guid"].upper() for one in returns(tmp_path))
    assert first["returnTime"] < then["returnTime"]
    assert len(first["returnTime"]) == 17
    assert said[0] == "arrived m0.xml: 2 accepted (120), signature none"
    assert {declared, entered} == set(receipts(tmp_path))
    assert all(path.name.startswith("CEB312Message_") for path in (declared, entered))


@needs_xmlsec1
def test_a_list_is_given_its_own_number_when_it_is_entered(tmp_path: Path) -> None:
    content = signed(a_message(a_list("C1")), make_key(tmp_path), folder=tmp_path)
    said = played(tmp_path / "customs", an_envelope(content))
    told = returns(tmp_path / "customs", said)
    assert [one["returnStatus"] for one in told] == ["2", "120", "800"]
    assert [one["copNo"] for one in told] == ["C1"] * 3
    assert len({one["preNo"] for one in told}) == 1
    assert ["invtNo" in one for one in told] == [False, True, True]
    assert told[1]["invtNo"] == told[2]["invtNo"]
    times = [one["returnTime"] for one in told]
    assert times == sorted(set(times))
    [entry] = read_ledger(tmp_path / "customs")
    assert (entry["preNo"], entry["invtNo"]) == (told[1]["preNo"], told[1]["invtNo"])
    assert (entry["file"], entry["verdict"], entry["signature"]) == ("m0.xml", "accepted", "valid")


@needs_official
def test_every_kind_of_answer_is_valid_by_the_official_schemas(tmp_path: Path) -> None:
    long = "x" * 300
    played(
        tmp_path,
        an_envelope(a_message(an_order("A&amp;&lt;1"), an_order("R1"))),
        an_envelope(a_message(a_list("C1"), a_list("C2", appStatus="1"))),
        an_envelope(b"\0\1 ]]> \xff\xfe not XML"),
        an_envelope(a_message(an_order("A9", currency="1")), message_type="Order"),
        an_envelope(a_message(an_order("A9"))).replace(b"DXPTEST000000001", long.encode()),
        b"rubbish",
        reject=({"key": "R1", "status": "-301008", "info": "x" * 900},),
        dxp_rep=True,
    )
    played(tmp_path, an_envelope(a_message(an_order("B1"))), returns_in_envelope=True)
    business = etree.XMLSchema(etree.parse(OFFICIAL / "xsd" / "import-business-202205.xsd"))
    envelopes = etree.XMLSchema(etree.parse(OFFICIAL / "xsd" / "terminal-node-202205.xsd"))
    seen = Counter()
    for path in receipts(tmp_path):
        root = etree.parse(path).getroot()
        seen[etree.QName(root).localname] += 1
        (envelopes if root.tag.startswith(f"{{{DXP}}}") else business).assertValid(root)
        if root.tag == f"{{{DXP}}}DxpMsg":
            business.assertValid(etree.fromstring(base64.b64decode(root.findtext(f"{{{DXP}}}Data") or "")))
    assert seen == {"CEB312Message": 2, "CEB622Message": 1, "CEB900Message": 2, "DxpRep": 6, "DxpMsg": 2}


@needs_official
@needs_xmlsec1
def test_the_receipts_of_every_declaration_and_tax_bills_are_valid_by_the_official_schemas(tmp_path: Path) -> None:
    key, numbers = make_key(tmp_path), {f"CT{n:010d}": f"5208{datetime.now(CST):%Y}I{n:09d}" for n in (1, 2, 3)}
    rows = {
        "payment": payment_rows(2),
        "waybill": waybill_rows(2),
        "waybill-status": waybill_status_rows(2),
        "inventory": inventory_rows(3, lines=2),
        "cancel": cancel_rows(2, first=2, numbers=numbers),
        "return": return_rows(1, lines=2, numbers=numbers),
        "delivery": delivery_rows(1, lines=110),
    }
    contents = [of_rows(code, some, tmp_path, key) for code, some in rows.items()]
    played(tmp_path / "customs", *contents, tax_bills=True, not_released=("CT0000000003",))
    official = etree.XMLSchema(etree.parse(OFFICIAL / "xsd" / "import-business-202205.xsd"))
    seen: Counter[str] = Counter()
    for path in receipts(tmp_path / "customs"):
        root = etree.parse(path).getroot()
        official.assertValid(root)
        seen[etree.QName(root).localname[3:6]] += 1
    assert seen == {"412": 2, "512": 2, "514": 3, "622": 3, "624": 3, "626": 3, "712": 3, "816": 1, "818": 1}
    [bill] = etree.parse(next((tmp_path / "customs" / "out").glob("CEB816*"))).getroot()[:1]
    # Vitamins 2 x 128.50 and cream 3 x 215.00, each taxed 9.1%.
    assert [one.text for one in bill.iter(f"{{{CEB}}}valueAddedTax")] == ["82.09", "23.39", "58.70"]
    assert len(bill.getparent()) == 2
    verdicts = [(entry["type"], entry["verdict"]) for entry in read_ledger(tmp_path / "customs")]
    assert [one for one in verdicts if one[1] != "accepted"] == [("CEB623", "rejected")]


@needs_xmlsec1
@pytest.mark.parametrize("returns_in_envelope", [False, True])
@pytest.mark.parametrize("stopped", [False, True])
def test_a_cancelled_list_is_neither_released_nor_billed_and_its_neighbour_is(
    tmp_path: Path, stopped: bool, returns_in_envelope: bool
) -> None:
    key, folder = make_key(tmp_path), tmp_path / "customs"
    how: dict[str, Any] = {"step_seconds": 0.6, "tax_bills": True, "returns_in_envelope": returns_in_envelope}
    said: list[str] = []
    cancellation = cancel_rows(1, numbers={"CT0000000001": f"5208{datetime.now(CST):%Y}I000000001"})
    prepare(folder)
    put(folder, "1-lists.xml", of_rows("inventory", inventory_rows(2), tmp_path, key))
    put(folder, "2-cancel.xml", of_rows("cancel", cancellation, tmp_path, key))
    with desk_of(folder, said, **how):
        until(lambda: not list((folder / "in").iterdir()), "both entered")
        if not stopped:
            until(lambda: quiet(folder), "all answered")
    with desk_of(folder, said, **how):
        until(lambda: quiet(folder), "all answered")
    found: dict[str, list[str]] = {}
    for path in receipts(folder, said):
        root = etree.parse(path).getroot()
        if returns_in_envelope:
            root = etree.fromstring(base64.b64decode(root.findtext(f"{{{DXP}}}Data") or ""))
        for one in root:
            texts = {etree.QName(child).localname: child.text or "" for child in one.iter("{*}*")}
            number = texts.get("copNo") or texts["invtNo"][-1]
            found.setdefault(number, []).append(texts.get("returnStatus") or f"tax {texts['status']}")
    assert found == {
        "CT0000000001": ["2", "120"],
        "CT0000000002": ["2", "120", "800"],
        "XT0000000001": ["2", "120", "399"],
        "2": ["tax 1", "tax 2"],
    }


def test_a_refused_message_is_quoted_whole(tmp_path: Path) -> None:
    data = a_message(an_order("A1", currency="1", buyerName="a]]&gt;b"))
    said = played(tmp_path, an_envelope(data, "M1"), an_envelope(b"\0 ]]> \xff", "M2"))
    first, second = returns(tmp_path, said)
    assert first["oriBizMessage"] == data.decode()
    assert (first["oriCopMsgId"], first["oriMessageType"], first["returnStatus"]) == ("M1", "CEB311Message", "-1")
    assert (second["oriCopMsgId"], second["oriBizMessage"]) == ("M2", "\ufffd ]]> \ufffd")
    assert all(b"<oriBizMessage><![CDATA[" in path.read_bytes() for path in receipts(tmp_path))


def test_a_broken_envelope_is_answered_with_its_own_id_where_that_can_be_read(tmp_path: Path) -> None:
    broken = an_envelope(a_message(an_order("A1")), "M1").replace(b'ver="1.0"', b'ver="2"')
    played(tmp_path, broken)
    [path] = receipts(tmp_path)
    root = etree.parse(path).getroot()
    assert path.name.startswith("DxpRep_")
    assert root.findtext(f"{{{DXP}}}Response/{{{DXP}}}ResponseCode") == "0002"
    assert root.findtext(f"{{{DXP}}}Response/{{{DXP}}}OriHead/{{{DXP}}}CopMsgId") == "M1"
    assert read_ledger(tmp_path) == []


def test_returns_are_spread_over_messages_as_the_scenario_says(tmp_path: Path) -> None:
    orders = [an_order(f"A{number}") for number in range(5)]
    played(tmp_path, an_envelope(a_message(*orders)), returns_per_message=2)
    sizes = Counter(len(etree.parse(path).getroot()) for path in receipts(tmp_path))
    assert sizes == {2: 4, 1: 2}
    assert Counter((one["orderNo"], one["returnStatus"]) for one in returns(tmp_path)) == {
        (f"A{number}", status): 1 for number in range(5) for status in ("2", "120")
    }


def test_receipts_come_twice_where_the_scenario_says_so(tmp_path: Path) -> None:
    played(tmp_path, an_envelope(a_message(an_order("A1"))), duplicate_receipts=1.0)
    contents = Counter(path.read_bytes() for path in receipts(tmp_path))
    assert list(contents.values()) == [2, 2]


def test_a_later_status_may_come_first_and_still_has_the_later_time(tmp_path: Path) -> None:
    messages = [an_envelope(a_message(an_order(f"A{number}"))) for number in range(8)]
    said = played(tmp_path, *messages, shuffle=True, step_seconds=0.02)
    by_arrival = returns(tmp_path, said)
    orders = {one["orderNo"] for one in by_arrival}
    ways = {tuple(one["returnStatus"] for one in by_arrival if one["orderNo"] == order) for order in orders}
    assert ways == {("2", "120"), ("120", "2")}
    for order in orders:
        times = {one["returnStatus"]: one["returnTime"] for one in by_arrival if one["orderNo"] == order}
        assert times["2"] < times["120"]


def test_a_record_that_is_never_answered(tmp_path: Path) -> None:
    played(tmp_path, an_envelope(a_message(an_order("A1"), an_order("B1"))), drop_receipts=("A*",))
    assert {one["orderNo"] for one in returns(tmp_path)} == {"B1"}
    assert [entry["verdict"] for entry in read_ledger(tmp_path)] == ["accepted", "accepted"]


def test_answers_wait_for_their_time(tmp_path: Path) -> None:
    with desk_of(tmp_path, answer_seconds=0.3, step_seconds=0.4):
        began = time.time()
        put(tmp_path, "a.xml", an_envelope(a_message(an_order("A1"))))
        until(lambda: len(receipts(tmp_path)) == 2, "both answers")
    first, second = sorted(path.stat().st_ctime - began for path in receipts(tmp_path))
    assert first >= 0.29  # a file's time is as coarse as the kernel's tick
    assert second >= 0.69


def test_a_file_under_a_temporary_name_is_left_alone(tmp_path: Path) -> None:
    prepare(tmp_path)
    for name in ("a.xml.part", "b.tmp", ".c.xml"):
        (tmp_path / "in" / name).write_bytes(an_envelope(a_message(an_order("A1"))))
    with desk_of(tmp_path):
        put(tmp_path, "z.xml", an_envelope(a_message(an_order("Z1"))))
        until(lambda: len(receipts(tmp_path)) == 2, "the other file answered")
    assert sorted(path.name for path in (tmp_path / "in").iterdir()) == [".c.xml", "a.xml.part", "b.tmp"]
    assert len(read_ledger(tmp_path)) == 1


def test_the_same_bytes_under_the_same_name_are_another_arrival(tmp_path: Path) -> None:
    content = an_envelope(a_message(an_order("A1")))
    with desk_of(tmp_path):
        for count in (1, 2, 3):
            put(tmp_path, "a.xml", content)
            until(lambda count=count: len(read_ledger(tmp_path)) == count, "entered")
            until(lambda: not (tmp_path / "in" / "a.xml").exists(), "taken")
        until(lambda: quiet(tmp_path), "all answered")
    assert [entry["verdict"] for entry in read_ledger(tmp_path)] == ["accepted", "repeat", "repeat"]
    assert sorted(path.name for path in (tmp_path / "taken").iterdir()) == ["a-2.xml", "a-3.xml", "a.xml"]


def test_what_was_known_is_known_after_a_restart(tmp_path: Path) -> None:
    first = an_envelope(a_message(an_order("A1")), "M1")
    reject = ({"key": "R*", "status": "-301008", "times": 1},)
    played(tmp_path, first, an_envelope(a_message(an_order("R1"))), reject=reject)
    played(tmp_path, an_envelope(a_message(an_order("A1"))), an_envelope(a_message(an_order("R1"))), reject=reject)
    played(tmp_path, an_envelope(a_message(an_order("A2", appType="1")), "M1"))
    assert [entry["verdict"] for entry in read_ledger(tmp_path)] == [
        "accepted",
        "rejected",
        "repeat",
        "accepted",
        "repeat",
    ]


def test_a_fault_of_its_own_is_told_and_the_next_file_is_worked_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cebd.sandbox import desk as module

    original = module.judge

    def judge(content: bytes, bench: Any) -> Any:
        if b"M-BAD" in content:
            raise RuntimeError("a fault")
        return original(content, bench)

    monkeypatch.setattr(module, "judge", judge)
    said: list[str] = []
    with desk_of(tmp_path, said):
        put(tmp_path, "a.xml", an_envelope(a_message(an_order("A1")), "M-BAD"))
        put(tmp_path, "b.xml", an_envelope(a_message(an_order("B1"))))
        until(lambda: len(receipts(tmp_path)) == 2, "the other file answered")
    assert said.count("cannot work on a.xml: RuntimeError: a fault") == 1
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.xml"]


@pytest.mark.parametrize("full", ["pending", "ledger.jsonl", "taken", "answered.txt"])
def test_a_file_that_met_a_full_disk_is_worked_on_once_there_is_room_and_answered_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, full: str
) -> None:
    """A full disk takes half of what is written, and no new name."""
    no_room = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    is_full = [True]
    of = {name: getattr(Path, name) for name in ("write_bytes", "rename", "open")}

    def write_bytes(path: Path, content: bytes) -> int:
        if is_full and full == path.parent.name == "pending" and len(list(path.parent.iterdir())) == 1:
            of["write_bytes"](path, content[: len(content) // 2])
            raise no_room
        return int(of["write_bytes"](path, content))

    def rename(path: Path, target: Path) -> Path:
        if is_full and full == target.parent.name == "taken":
            raise no_room
        return Path(of["rename"](path, target))

    class Half:
        def __init__(self, file: Any) -> None:
            self.file = file

        def write(self, content: Any) -> int:
            self.file.write(content[: len(content) // 2])
            raise no_room

        def __getattr__(self, name: str) -> Any:
            return getattr(self.file, name)

    @contextmanager
    def half(path: Path, *mode: Any, **more: Any) -> Iterator[Any]:
        with of["open"](path, *mode, **more) as file:
            yield Half(file)

    def opened(path: Path, *mode: Any, **more: Any) -> Any:
        if is_full and path.name == full and mode[:1] == ("ab",):
            return half(path, *mode, **more)
        return of["open"](path, *mode, **more)

    for name, instead in (("write_bytes", write_bytes), ("rename", rename), ("open", opened)):
        monkeypatch.setattr(Path, name, instead)
    said: list[str] = []
    with desk_of(tmp_path, said):
        part = tmp_path / "in" / "a.xml.part"
        part.write_bytes(an_envelope(a_message(an_order("A1"))))
        part.rename(tmp_path / "in" / "a.xml")
        until(lambda: any("No space left on device" in line for line in said), "said")
        is_full.clear()
        until(lambda: quiet(tmp_path), "all answered")
    assert [one["returnStatus"] for one in returns(tmp_path, said)] == ["2", "120"]
    assert [entry["file"] for entry in read_ledger(tmp_path)] == ["a.xml"]
    names = (tmp_path / "answered.txt").read_text().split()
    assert sorted(names) == [path.name for path in receipts(tmp_path)]
    assert sum("No space left on device" in line for line in said) == 1


# Killed

DYING = """
import os, signal, sys, time
from pathlib import Path
from cebd.sandbox import desk as module
from cebd.sandbox.scenario import Scenario

folder, point = Path(sys.argv[1]), sys.argv[2]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

append = module.append
if point == "answers written, nothing in the ledger":
    module.append = die
if point == "the ledger written by half":
    def half(folder, entries):
        append(folder, entries)
        path = folder / "ledger.jsonl"
        os.truncate(path, path.stat().st_size - 700)
        die()
    module.append = half
if point == "in the ledger, the file not moved":
    module._free = die
if point == "the first answer out":
    replace = Path.replace
    def out(self, target):
        replace(self, target)
        if Path(target).parent.name == "out":
            die()
    Path.replace = out
desk = module.Desk(folder, Scenario(answer_seconds=0.0, step_seconds=0.3, entered_at_once=True, seed=int(time.time())), lambda text: None)
desk.start()
print("started", flush=True)
time.sleep(60)
"""


@contextmanager
def dying_desk(folder: Path, point: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", DYING, str(folder), point], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.mark.parametrize(
    "point",
    [
        "answers written, nothing in the ledger",
        "the ledger written by half",
        "in the ledger, the file not moved",
        "the first answer out",
    ],
)
def test_killed_at_the_worst_moment_it_enters_and_answers_everything_once(tmp_path: Path, point: str) -> None:
    prepare(tmp_path)
    with dying_desk(tmp_path, point) as process:
        put(tmp_path, "a.xml", an_envelope(a_message(*(an_order(f"A{number}") for number in range(5)))))
        put(tmp_path, "b.xml", an_envelope(a_message(an_order("B1", currency="1"))))
        assert process.wait(timeout=15) == -signal.SIGKILL
    assert not quiet(tmp_path)
    assert_all_once(tmp_path, [f"A{number}" for number in range(5)], refused=1)


def test_killed_again_and_again_at_any_moment_it_enters_and_answers_everything_once(tmp_path: Path) -> None:
    prepare(tmp_path)
    names = iter(range(1000))
    declared = []
    for kill in range(4):
        with dying_desk(tmp_path, "none") as process:
            for _ in range(15):
                number = next(names)
                declared += [f"K{number}-{one}" for one in range(20)]
                put(
                    tmp_path, f"k{number:03d}.xml", an_envelope(a_message(*(an_order(name) for name in declared[-20:])))
                )
            before = len(read_ledger(tmp_path))
            until(lambda before=before, kill=kill: len(read_ledger(tmp_path)) > before + 60 * kill, "some entered")
            os.kill(process.pid, signal.SIGKILL)
            process.wait(timeout=10)
    assert_all_once(tmp_path, declared, refused=0)


def assert_all_once(folder: Path, orders: list[str], *, refused: int) -> None:
    """Start once more, let it finish, and count."""
    with desk_of(folder):
        until(lambda: quiet(folder), "all answered")
    ledger = read_ledger(folder)
    assert Counter((entry["key"]["orderNo"], entry["verdict"]) for entry in ledger) == {
        (order, "accepted"): 1 for order in orders
    }
    assert (folder / "ledger.jsonl").read_bytes().count(b"\n") == len(orders)
    told = [one for one in returns(folder) if "orderNo" in one]
    assert Counter((one["orderNo"], one["returnStatus"]) for one in told) == {
        (order, status): 1 for order in orders for status in ("2", "120")
    }
    assert len([path for path in receipts(folder) if path.name.startswith("CEB900")]) == refused
