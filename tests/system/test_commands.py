"""The commands as a user types them."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from sqlalchemy.exc import OperationalError

from builders import processes
from builders.customs_answers import LIST_ENTERED
from builders.new_station import new_station
from builders.new_store import open_store
from builders.openssh import free_port
from builders.papers import CASES, OFFICIAL, needs_official
from builders.stations import receipt_json
from builders.waiting import until
from cebd.clock import SystemClock
from cebd.documents.convert import ClaimedFile, convert
from cebd.intake.claim import record_drop
from cebd.settings import load_settings
from cebd.store.across.earlier.declared import open_read_only
from cebd.trial.rows import cancel_rows, inventory_rows, order_rows, write_workbook


def cebd(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return processes.run(arguments)


@pytest.fixture
def station(tmp_path: Path) -> Path:
    return new_station(tmp_path / "station", free_port()).settings.parent


@pytest.fixture
def order_message(station: Path, tmp_path: Path) -> Path:
    """An unsigned message of three orders."""
    write_workbook(tmp_path / "orders.xlsx", "order", list(order_rows(3)))
    made = cebd("convert", tmp_path / "orders.xlsx", "-o", tmp_path / "messages", "-c", station)
    assert made.returncode == 0, made.stderr
    return next((tmp_path / "messages").iterdir())


def test_the_four_commands_of_the_first_steps_bring_the_receipt_back(tmp_path: Path) -> None:
    station, port = tmp_path / "station", free_port()
    made = cebd("init", station, "--port", str(port))
    assert made.returncode == 0, made.stderr
    write_workbook(tmp_path / "orders.xlsx", "order", list(order_rows(2)))
    python = [sys.executable, "-m", "cebd"]
    customs = subprocess.Popen(
        [*python, "sandbox", str(station / "sandbox"), "--port", str(port)], stdout=subprocess.DEVNULL
    )
    daemon = subprocess.Popen([*python, "run", "-c", str(station / "cebd.toml")], stderr=subprocess.DEVNULL)
    try:
        (tmp_path / "orders.xlsx").rename(station / "share" / "inbox" / "orders.xlsx")
        outbox = station / "share" / "outbox"
        receipt = until(lambda: receipt_json(outbox, "orders"), "a receipt")
        until(lambda: json.loads(receipt.read_text(encoding="utf-8"))["final"], "the receipt")
        shown = cebd("show", "T0000000002", "-c", station, "--json")
        listed = cebd("list", "-c", station, "--json")
        standing = cebd("status", "-c", station, "--json")
        audit = cebd("audit", "-c", station, "--json")
    finally:
        daemon.send_signal(signal.SIGINT)
        customs.send_signal(signal.SIGTERM)
        assert (daemon.wait(timeout=30), customs.wait(timeout=30)) == (0, 0)
    assert json.loads(receipt.read_text(encoding="utf-8"))["counts"] == {
        "acknowledged": 2
    }  # at rest until their lists come
    (record,) = json.loads(shown.stdout)["records"]
    assert (record["state"], record["status"], record["file"]) == ("acknowledged", "2", "orders.xlsx")
    assert [one["outcome"] for one in record["submissions"]] == ["sent"]
    assert json.loads(listed.stdout)["drops"][0]["counts"] == {"acknowledged": 2}
    assert json.loads(standing.stdout)["records"] == {"acknowledged": 2}
    assert json.loads(audit.stdout)["clean"] is True


def test_check_names_every_problem_on_its_cell_and_exits_3(station: Path, tmp_path: Path) -> None:
    rows = list(order_rows(3))
    rows[1]["head.buyerName"] = ""
    rows[1]["line.unit"] = "000"
    write_workbook(tmp_path / "orders.xlsx", "order", rows)
    checked = cebd("check", tmp_path / "orders.xlsx", "-c", station, "--json")
    verdict = json.loads(checked.stdout)
    assert checked.returncode == 3
    assert {key: verdict[key] for key in ("v", "type", "records", "ready", "rejected")} == {
        "v": 1,
        "type": "CEB311",
        "records": 3,
        "ready": 2,
        "rejected": 1,
    }
    assert [(one["id"], one["field"], one["row"]) for one in verdict["problems"]] == [
        ("CEBD-1201", "buyerName", 3),
        ("CEBD-1203", "unit", 3),
    ]
    assert all(one["zh"] and one["en"] and one["fix_zh"] and one["fix_en"] for one in verdict["problems"])
    assert not list((station / "share" / "outbox").rglob("*.json"))


NOT_ASKED = "  未与此前的申报核对：没有本站的记录。 Not compared with earlier declarations: no station store found."
ASKED = "  已与本站此前的申报核对。 Compared with earlier declarations of this station."


def test_check_needs_no_settings_and_exits_0_when_all_is_well(tmp_path: Path) -> None:
    write_workbook(tmp_path / "lists.xlsx", "inventory", list(inventory_rows(2)))
    checked = cebd("check", tmp_path / "lists.xlsx")
    assert (checked.returncode, checked.stdout.splitlines()) == (
        0,
        [
            "lists.xlsx：CEB621，2 条记录，2 条可申报，0 条退回",
            "lists.xlsx: CEB621, 2 records, 2 ready, 0 rejected",
            NOT_ASKED,
        ],
    )


def test_check_without_a_station_does_not_ask_what_was_declared_before_and_says_so(
    station: Path, tmp_path: Path
) -> None:
    changes = [row | {"head.appType": "2"} for row in order_rows(2)]
    write_workbook(tmp_path / "changes.xlsx", "order", changes)
    write_workbook(tmp_path / "cancels.xlsx", "cancel", list(cancel_rows(2)))
    for name in ("changes.xlsx", "cancels.xlsx"):
        for of_station in ([], ["-c", station]):  # which has settings, and no store before the daemon runs
            checked = cebd("check", tmp_path / name, *of_station, "--json")
            verdict = json.loads(checked.stdout)
            told = (checked.returncode, verdict["ready"], verdict["problems"], verdict["ledger"])
            assert told == (0, 2, [], False)
    assert not (station / "store" / "cebd.sqlite").exists()


def test_check_holds_a_file_against_itself_even_without_a_station(tmp_path: Path) -> None:
    of_one_order = [row | {"head.orderNo": "T1"} for row in inventory_rows(2)]
    write_workbook(tmp_path / "lists.xlsx", "inventory", of_one_order)
    verdict = json.loads(cebd("check", tmp_path / "lists.xlsx", "--json").stdout)
    assert (verdict["ready"], verdict["rejected"], verdict["ledger"]) == (1, 1, False)
    assert [(one["id"], one["row"]) for one in verdict["problems"]] == [("CEBD-1414", 3)]
    assert "lists.xlsx" in verdict["problems"][0]["en"]


@pytest.fixture
def declared_before(station: Path, tmp_path: Path) -> Path:
    """A station that declared the orders T0000000001 to T0000000003; the file they were in."""
    settings = load_settings(station / "cebd.toml")
    path = tmp_path / "first.xlsx"
    write_workbook(path, "order", list(order_rows(3)))
    store = open_store(settings.store_dir)
    try:
        with store.write() as connection:
            drop_id = record_drop(connection, settings.enterprise[0].name, path, SystemClock())
            done = convert(
                connection,
                ClaimedFile(drop_id, path, path.name),
                settings.enterprise[0],
                settings.reading_options,
                SystemClock(),
                lambda _root: False,
            )
    finally:
        store.close()
    assert done.ready == 3
    return path


def content_of(station: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is in the station's store."""
    connection = sqlite3.connect(f"{(station / 'store' / 'cebd.sqlite').as_uri()}?mode=ro", uri=True)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in tables}
    finally:
        connection.close()


def test_check_says_what_was_declared_before_and_nothing_of_it_is_rejected(
    station: Path, declared_before: Path
) -> None:
    before = content_of(station)
    checked = cebd("check", declared_before, "-c", station, "--json")
    verdict = json.loads(checked.stdout)
    assert (checked.returncode, [one["id"] for one in verdict["problems"]]) == (0, ["CEBD-1403"] * 3)
    counts = {name: verdict[name] for name in ("records", "ready", "rejected", "repeats", "ledger")}
    assert counts == {"records": 3, "ready": 0, "rejected": 0, "repeats": 3, "ledger": True}
    plain = cebd("check", declared_before, "-c", station).stdout.splitlines()
    assert plain[:3] == [
        "first.xlsx：CEB311，3 条记录，0 条可申报，0 条退回，3 条此前已申报",
        "first.xlsx: CEB311, 3 records, 0 ready, 0 rejected, 3 declared before",
        ASKED,
    ]
    assert content_of(station) == before


def test_check_and_convert_tell_a_changed_row_a_second_seller_and_a_new_order_apart(
    station: Path, declared_before: Path, tmp_path: Path
) -> None:
    rows = list(order_rows(4))
    rows[1] |= {"head.consignee": "李四"}
    rows[2] |= {"head.ebcCode": "9900000009"}
    write_workbook(tmp_path / "second.xlsx", "order", rows)
    before = content_of(station)
    for command in (["check"], ["convert", "-o", tmp_path / "messages"]):
        done = cebd(*command, tmp_path / "second.xlsx", "-c", station, "--json")
        verdict = json.loads(done.stdout)
        assert (done.returncode, verdict["ledger"], verdict["ready"], verdict["rejected"]) == (3, True, 1, 2)
        told = [(one["id"], one["row"]) for one in verdict["problems"]]
        assert told == [("CEBD-1403", 2), ("CEBD-1402", 3), ("CEBD-1415", 4)]
    (written,) = (tmp_path / "messages").iterdir()
    assert [one.text for one in etree.parse(written).iter("{*}orderNo")] == ["T0000000004"]
    assert content_of(station) == before


def test_check_converts_a_change_of_what_the_station_declared(
    station: Path, declared_before: Path, tmp_path: Path
) -> None:
    connection = sqlite3.connect(station / "store" / "cebd.sqlite")
    connection.execute("UPDATE records SET state = 'succeeded', status = '120'")
    connection.commit()
    connection.close()
    rows = [row | {"head.appType": "2", "head.consignee": "李四"} for row in order_rows(4)]
    write_workbook(tmp_path / "changes.xlsx", "order", rows)
    verdict = json.loads(cebd("check", tmp_path / "changes.xlsx", "-c", station, "--json").stdout)
    assert (verdict["ready"], verdict["rejected"]) == (3, 1)
    assert [(one["id"], one["row"]) for one in verdict["problems"]] == [("CEBD-1405", 5)]


def test_a_dropped_message_is_checked_against_what_was_declared_before(
    station: Path, order_message: Path, declared_before: Path
) -> None:
    verdict = json.loads(cebd("check", order_message, "-c", station, "--json").stdout)
    assert (verdict["ledger"], verdict["records"], verdict["ready"]) == (True, 3, 0)
    # The message says what the workbook said: its orders are repeats, whatever form they come in.
    assert [one["id"] for one in verdict["problems"]].count("CEBD-1403") == 3


def test_check_neither_waits_for_a_writer_nor_keeps_one_waiting(station: Path, declared_before: Path) -> None:
    store = station / "store" / "cebd.sqlite"
    writer = sqlite3.connect(store, isolation_level=None, timeout=0)
    try:
        writer.execute("BEGIN IMMEDIATE")  # as the daemon while it converts
        writer.execute("UPDATE records SET state = 'sent'")
        checked = cebd("check", declared_before, "-c", station, "--json")
        writer.execute("COMMIT")
    finally:
        writer.close()
    verdict = json.loads(checked.stdout)
    assert (checked.returncode, verdict["repeats"], verdict["ledger"]) == (0, 3, True)


def test_a_store_is_asked_read_only_and_its_writers_go_on_meanwhile(station: Path, declared_before: Path) -> None:
    with open_read_only(station / "store") as asked:
        assert asked is not None
        assert asked.exec_driver_sql("SELECT count(*) FROM records").scalar_one() == 3
        with pytest.raises(OperationalError, match="readonly"):
            asked.exec_driver_sql("UPDATE records SET state = 'sent'")
        writer = sqlite3.connect(station / "store" / "cebd.sqlite", timeout=0)
        writer.execute("UPDATE records SET state = 'sent'")
        writer.commit()
        writer.close()
        # What is asked stays what it was when the first question was put.
        assert set(asked.exec_driver_sql("SELECT state FROM records").scalars()) == {"ready"}


def test_a_store_that_a_daemon_is_about_to_make_is_none_yet(tmp_path: Path) -> None:
    making = sqlite3.connect(tmp_path / "cebd.sqlite", isolation_level=None)
    try:
        making.execute("PRAGMA journal_mode=WAL")
        making.execute("BEGIN IMMEDIATE")
        making.execute("CREATE TABLE drops (id INTEGER)")
        with open_read_only(tmp_path) as asked:
            assert asked is None
        making.execute("ROLLBACK")
    finally:
        making.close()


def test_a_store_that_cannot_be_read_is_named_and_not_taken_for_an_empty_one(station: Path, tmp_path: Path) -> None:
    (station / "store").mkdir(exist_ok=True)
    (station / "store" / "cebd.sqlite").write_bytes(b"no store at all" * 100)
    write_workbook(tmp_path / "orders.xlsx", "order", list(order_rows(1)))
    checked = cebd("check", tmp_path / "orders.xlsx", "-c", station)
    assert checked.returncode == 6
    assert "cebd.sqlite" in checked.stderr


def test_what_sign_makes_xmlsec1_accepts_until_one_character_is_changed(
    station: Path, order_message: Path, tmp_path: Path
) -> None:
    signed, changed = tmp_path / "signed.xml", tmp_path / "changed.xml"
    made = cebd("sign", order_message, "-o", signed, "--signer", "trial", "-c", station)
    changed.write_text(signed.read_text(encoding="utf-8").replace("保湿面霜", "保湿面膏"), encoding="utf-8")
    authority = station / "keys" / "trial-authority.pem"
    xmlsec1 = ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", str(authority)]
    verdicts = [
        subprocess.run([*xmlsec1, str(path)], capture_output=True, check=False).returncode for path in (signed, changed)
    ]
    assert made.returncode == 0, made.stderr
    assert verdicts[0] == 0
    assert verdicts[1] != 0


@needs_official
def test_a_signed_message_fits_the_official_schema(station: Path, order_message: Path, tmp_path: Path) -> None:
    signed = tmp_path / "signed.xml"
    cebd("sign", order_message, "-o", signed, "--signer", "trial", "-c", station)
    schema = etree.XMLSchema(etree.parse(OFFICIAL / "xsd" / "import-business-202205.xsd"))
    assert schema.validate(etree.parse(signed)), schema.error_log


@pytest.mark.parametrize(
    "options",
    [(), ("--sm2",), ("--channel", "http"), ("--channel", "http-push")],
    ids=["RSA", "SM2", "http", "http-push"],
)
def test_the_demo_leaves_receipts_in_all_three_forms(tmp_path: Path, options: tuple[str, ...]) -> None:
    played = cebd("demo", "--dir", tmp_path / "demo", *options)
    assert played.returncode == 0, played.stderr
    outbox = tmp_path / "demo" / "share" / "outbox"
    assert {path.name for path in outbox.glob("20*/*")} == {"orders.receipt.xlsx", "lists.receipt.xlsx"}
    assert {path.name for path in outbox.glob("json/20*/*")} == {"orders.receipt.json", "lists.receipt.json"}
    assert not [path for path in outbox.iterdir() if path.is_file()]
    assert list(outbox.glob("customs/20*/*CEB312*.xml"))
    assert list(outbox.glob("customs/20*/*CEB622*.xml"))
    assert "CT0000000001  succeeded    800" in played.stdout
    assert "等待清单 Declaring; waits for its list" in played.stdout  # an order whose list was not declared
    assert cebd("audit", "-c", tmp_path / "demo").returncode == 0
    arrived = sorted((tmp_path / "demo" / "sandbox" / "taken").iterdir())
    judged = [json.loads(cebd("verify", path, "--json").stdout) for path in arrived]
    assert {one["profile"] for one in judged} == ({"SM2-SM3"} if "--sm2" in options else {"RSA-SHA1"})


def test_sign_leaves_a_file_that_is_there_alone_and_signs_no_receipt(
    station: Path, order_message: Path, tmp_path: Path
) -> None:
    there, receipt = tmp_path / "there.xml", tmp_path / "receipt.xml"
    there.write_text("mine")
    receipt.write_bytes(LIST_ENTERED)
    signer = ("--signer", "trial", "-c", station)
    over, of_customs = (
        cebd("sign", order_message, "-o", there, *signer),
        cebd("sign", receipt, "-o", tmp_path / "s", *signer),
    )
    assert (over.returncode, there.read_text()) == (2, "mine")
    assert of_customs.returncode == 3
    assert "CEB622" in of_customs.stderr
    assert not (tmp_path / "s").exists()


def test_verify_says_whether_a_signature_holds_and_whose_it_is(
    station: Path, order_message: Path, tmp_path: Path
) -> None:
    signed = tmp_path / "signed.xml"
    keys = station / "keys"
    made = cebd("sign", order_message, "-o", signed, "--key", keys / "trial.key.pem", "--cert", keys / "trial.cert.pem")
    assert made.returncode == 0, made.stderr
    assert cebd("verify", signed, "--trusted", keys / "trial-authority.pem").returncode == 0
    stranger = cebd("init", tmp_path / "other")
    assert stranger.returncode == 0
    foreign = cebd("verify", signed, "--trusted", tmp_path / "other" / "keys" / "trial-authority.pem", "--json")
    assert (foreign.returncode, json.loads(foreign.stdout)["trusted"]) == (3, False)
    assert cebd("verify", order_message).returncode == 3


def test_mistakes_in_the_settings_are_named_with_key_and_line_all_at_once(station: Path) -> None:
    settings = station / "cebd.toml"
    text = (
        settings.read_text(encoding="utf-8")
        .replace("stable_seconds", "stable_second")
        .replace('signer = "trial"', 'signer = "tria"')
    )
    settings.write_text(text, encoding="utf-8")
    checked = cebd("config", "check", "-c", settings)
    assert checked.returncode == 2
    assert "line 7: station.stable_second: unknown setting; did you mean stable_seconds?" in checked.stderr


def test_the_severity_of_a_value_that_cannot_be_declared_is_fixed(station: Path) -> None:
    with (station / "cebd.toml").open("a", encoding="utf-8") as settings:
        settings.write('\n[rules]\n"CEBD-1201" = "off"\n"CEBD-9999" = "warning"\n')
    checked = cebd("config", "check", "-c", station)
    assert checked.returncode == 2
    assert "rules.CEBD-1201: the severity of this problem is fixed; correct the data instead" in checked.stderr
    assert "rules.CEBD-9999: there is no such problem" in checked.stderr


def test_a_secret_written_into_the_settings_is_refused_without_being_repeated(station: Path) -> None:
    settings = station / "cebd.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8").replace('key = "sandbox/client_key"', 'password = "hunter2-secret"'),
        encoding="utf-8",
    )
    checked = cebd("run", "-c", settings)
    assert checked.returncode == 2
    assert "channel.sandbox.password" in checked.stderr
    assert "hunter2-secret" not in checked.stderr + checked.stdout


def test_commands_that_read_say_so_when_there_is_no_store_yet(station: Path) -> None:
    told = cebd("status", "-c", station)
    assert told.returncode == 6
    assert "there is no store here yet" in told.stdout


def test_a_second_daemon_on_the_same_store_is_refused(station: Path) -> None:
    daemon = processes.start(["run", "-c", station])
    try:
        until((station / "store" / "station.lock").exists, "the first daemon to run")
        second = cebd("run", "--once", "-c", station)
    finally:
        daemon.terminate()
        daemon.wait(timeout=30)
    assert second.returncode == 6
    assert "another cebd runs on this store" in second.stderr


@needs_official
@pytest.mark.parametrize("name", ["CEB311Message.xml", "CEB621Message.xml"])
def test_an_official_sample_is_signed_whole_once_its_invented_data_is_allowed(
    name: str, station: Path, tmp_path: Path
) -> None:
    document = etree.parse(OFFICIAL / "samples" / name)
    for element, own in (("copCode", "4407961999"), ("dxpId", "DXPENT0000010001")):
        for stated in document.iterfind(f"{{*}}BaseTransfer/{{*}}{element}"):
            stated.text = own  # the sample names another sender than the station's enterprise
    sample = tmp_path / name
    document.write(sample, encoding="utf-8", xml_declaration=True)
    strict = json.loads(cebd("check", sample, "-c", station, "--json").stdout)
    rules = sorted({one["id"] for one in strict["problems"] if one["severity"] == "error"})
    with (station / "cebd.toml").open("a", encoding="utf-8") as settings:
        settings.write("\n[rules]\n" + "".join(f'"{rule}" = "warning"\n' for rule in rules))
    checked = cebd("check", sample, "-c", station, "--json")
    verdict = json.loads(checked.stdout)
    assert rules
    assert checked.returncode == 0, verdict
    assert "CEBD-1511" in [one["id"] for one in verdict["problems"]]
    signed = tmp_path / "signed.xml"
    assert cebd("sign", sample, "-o", signed, "--signer", "trial", "-c", station).returncode == 0
    trusted = str(station / "keys" / "trial-authority.pem")
    xmlsec1 = ["xmlsec1", "--verify", "--enabled-key-data", "x509", "--trusted-pem", trusted, str(signed)]
    assert subprocess.run(xmlsec1, capture_output=True, check=False).returncode == 0


def test_the_sample_workbook_without_its_mapping_is_refused_with_named_problems(station: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "other-name.xls"
    renamed.write_bytes((CASES / "orders-flat-as-found.xls").read_bytes())
    verdict = json.loads(cebd("check", renamed, "-c", station, "--json").stdout)
    assert (verdict["records"], verdict["ready"]) == (12, 0)
    assert {("CEBD-1005", "K1"), ("CEBD-1005", "AE1"), ("CEBD-1013", "F5")} <= {
        (one["id"], one["cell"]) for one in verdict["problems"]
    }
