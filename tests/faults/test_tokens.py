"""The token is away, comes back, is another one: messages wait for a stated reason and go on by themselves, others are not kept waiting."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from builders.certificates import Authority, rsa_key, write_key, write_pem
from builders.libraries import needs_compiler
from builders.softhsm import FaultyLibrary, SoftHsm, needs_softhsm
from builders.stations import TryStation
from builders.waiting import until
from cebd.records.ids import MessageId
from cebd.sandbox.ledger import read_ledger
from cebd.signing.verification import verify_bytes
from cebd.store.messages import load_message
from cebd.store.store import Store
from cebd.trial.rows import order_rows

_FILE_SIGNER = '\n[signer.file]\ntype = "software"\nkey = "keys/trial.key.pem"\ncert = "keys/trial.cert.pem"\n'


def with_a_token(station: TryStation, folder: Path) -> SoftHsm:
    """The first enterprise signs with a token, the other one with a key in a file."""
    station.add_enterprise()
    text = station.settings_path.read_text(encoding="utf-8")
    ours, signer, others = text.partition('signer = "trial"')
    station.settings_path.write_text(ours + signer + others.replace(signer, 'signer = "file"'), encoding="utf-8")
    station.token = SoftHsm(folder / "token")
    station._use_token(station.token)
    station.add_settings(_FILE_SIGNER)
    return station.token


def declared(station: TryStation, stem: str, first: int) -> None:
    station.drop_rows(f"{stem}.xlsx", "order", list(order_rows(1, first=first)))


@needs_softhsm
def test_signing_goes_on_after_the_token_was_away_and_another_token_waits_for_a_person(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        token = with_a_token(station, tmp_path)
        station.start()
        declared(station, "before", 1)
        assert station.final_receipt("before")["counts"] == {"succeeded": 1}
        (known,) = [one for one in station.standing()["tokens"] if one["signer"] == "trial"]
        assert known["model"].startswith("SoftHSM")
        assert station.log().count("token recorded") == 2  # the other enterprise's key file, too

        station.stop()
        token.take_out_all()
        station.start()
        declared(station, "away", 2)
        assert station.condition("signer:trial", "CEBD-1501")["party"] == "token"
        station.other_enterprise_goes_on()
        token.plug_in_all()
        assert station.final_receipt("away")["counts"] == {"succeeded": 1}

        station.stop()
        token.take_out("EPORT")
        token.make_token("EPORT")
        token.import_pair("EPORT", rsa_key("b"), Authority().issue(rsa_key("b").public_key(), 0xB2))
        station.start()
        declared(station, "swapped", 3)
        another = station.condition("signer:trial", "CEBD-1522")
        assert another["party"] == "administrator"
        assert known["token"] in another["en"]
        assert "enterprise b2" in another["en"]
        station.other_enterprise_goes_on()
        assert station.receipt("swapped") is None or not station.receipt("swapped")["final"]  # type: ignore[index]
        settings = ("-c", str(station.settings_path))
        asked = station.cebd("token", "accept", "trial", *settings)
        assert "enterprise b2" in asked.stdout
        assert asked.returncode != 0  # nobody answered
        assert station.cebd("token", "accept", "trial", "--yes", *settings).returncode == 0
        assert station.final_receipt("swapped")["counts"] == {"succeeded": 1}
        assert station.cebd("token", "accept", "trial", "--yes", *settings).returncode == 2
        listed = station.cebd("token", "list", *settings).stdout
        assert "enterprise b2" in listed
        assert "days left" in listed
        until(lambda: not station.standing()["conditions"], "nothing more to say")


@needs_softhsm
def test_a_lost_card_stops_at_once_and_what_had_not_left_leaves_once_signed_by_the_next_card(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        token, settings = with_a_token(station, tmp_path), ("-c", str(station.settings_path))
        keys = station.settings_path.parent / "keys"
        write_key(keys / "other.key.pem", rsa_key("c"))
        write_pem(keys / "other.cert.pem", Authority().issue(rsa_key("c").public_key(), 0xC3))
        station.change_settings(_FILE_SIGNER, _FILE_SIGNER.replace("trial.", "other."))
        station.start()
        declared(station, "before", 1)
        assert station.final_receipt("before")["counts"] == {"succeeded": 1}
        assert station.cebd("backup", str(tmp_path / "backup"), *settings).returncode == 0
        station.customs_away()
        declared(station, "signed", 2)
        until(lambda: "signed" in messages_of(station), "the message to be signed")
        revoked = station.cebd("token", "revoke", "trial", "--reason", "lost on the train", "--yes", *settings)
        assert revoked.returncode == 0, revoked.stderr
        assert "Signed anew with the next card, as they had not left: 1 message(s)" in revoked.stdout
        assert "lost on the train" in station.condition("signer:trial", "CEBD-1527")["zh"]

        station.kill()
        station.customs_back()
        station.start()
        declared(station, "after", 3)
        station.condition("signer:trial", "CEBD-1527")
        station.other_enterprise_goes_on()
        until(lambda: messages_of(station) == {"sent": 2, "ready": 2}, "both to wait, and nothing of theirs to be sent")

        token.take_out("EPORT")
        token.make_token("EPORT")
        token.import_pair("EPORT", rsa_key("b"), Authority().issue(rsa_key("b").public_key(), 0xB2))
        station.condition("signer:trial", "CEBD-1522")
        assert station.cebd("token", "accept", "trial", "--yes", *settings).returncode == 0
        for stem in ("signed", "after"):
            assert station.final_receipt(stem)["counts"] == {"succeeded": 1}
        entries = read_ledger(station.customs_folder)
        assert [entry["verdict"] for entry in entries] == ["accepted"] * 4
        assert len({entry["guid"] for entry in entries}) == 4
        assert signed_by(station).count("b2") == 2

        station.stop()
        assert station.cebd("restore", str(tmp_path / "backup"), "--yes", *settings).returncode == 0
        station.start()
        until(lambda: "revoked" in [one["state"] for one in station.standing()["tokens"]], "the older store to be told")


@needs_softhsm
@needs_compiler
def test_a_pin_that_an_earlier_version_saw_refused_is_not_shown_until_a_person_says_so(tmp_path: Path) -> None:
    with TryStation(tmp_path, by_folder=True) as station:
        token, library = SoftHsm(tmp_path / "token"), FaultyLibrary(tmp_path / "library")
        station.use_faulty_token(token, library)
        settings, note = ("-c", str(station.settings_path)), station.store / "pin-refused.trial"
        station.store.mkdir()
        note.write_text('{"refused": "2026-03-04T05:06:07+08:00", "place": "file 1 2 3"}', encoding="ascii")
        station.start()
        declared(station, "waits", 1)
        assert station.condition("signer:trial", "CEBD-1502")["party"] == "administrator"
        assert library.calls("login") == 0
        assert station.cebd("token", "test", "trial", "--login", "--yes", *settings).returncode == 0
        assert station.final_receipt("waits")["counts"] == {"succeeded": 1}
        assert not note.exists()


@needs_softhsm
def test_of_two_cards_of_an_enterprise_one_is_away_or_lost_and_the_other_signs_everything(tmp_path: Path) -> None:
    with TryStation(tmp_path) as station:
        token, settings = with_a_token(station, tmp_path), ("-c", str(station.settings_path))
        keys = station.settings_path.parent / "keys"
        write_pem(keys / "other.cert.pem", Authority().issue(rsa_key("c").public_key(), 0xC3))
        station.change_settings(_FILE_SIGNER, _FILE_SIGNER.replace("trial.", "other."))
        text = station.settings_path.read_text(encoding="utf-8")
        both = text.replace('signer = "trial"', 'signer = ["trial", "file"]', 1)
        station.settings_path.write_text(both, encoding="utf-8")
        station.start()
        declared(station, "m-1", 1)
        station.condition("signer:file", "CEBD-1501")
        assert station.final_receipt("m-1")["counts"] == {"succeeded": 1}

        station.customs_away()
        declared(station, "m-2", 2)
        declared(station, "m-3", 3)
        until(lambda: messages_of(station) == {"sent": 1, "signed": 2}, "both to be signed by the first card")
        write_key(keys / "other.key.pem", rsa_key("c"))
        until(lambda: "signer:file" not in conditions_of(station), "the second card to be there")
        token.take_out_all()
        declared(station, "m-4", 4)
        until(lambda: messages_of(station) == {"sent": 1, "signed": 3}, "the second card to sign what the first cannot")
        revoked = station.cebd("token", "revoke", "trial", "--reason", "lost", "--yes", *settings)
        assert "as they had not left: 2 message(s)" in revoked.stdout
        station.customs_back()
        for number in (2, 3, 4):
            assert station.final_receipt(f"m-{number}")["counts"] == {"succeeded": 1}
        assert signed_by(station)[1:] == ["c3"] * 3
        entries = read_ledger(station.customs_folder)
        assert [entry["verdict"] for entry in entries] == ["accepted"] * 4
        assert len({entry["guid"] for entry in entries}) == 4


def conditions_of(station: TryStation) -> list[str]:
    """What is not as it should be."""
    return [one["key"] for one in station.standing()["conditions"]]


def signed_by(station: TryStation) -> list[str]:
    """The numbers of the certificates by which its four messages are signed."""
    with closing(Store.open(station.store, create=False)) as store, store.read() as transaction:
        bodies = [load_message(transaction, MessageId(number)).body for number in (1, 2, 3, 4)]
    return [verify_bytes(body).certificate.number for body in bodies]


def messages_of(station: TryStation) -> dict[str, int]:
    """How many there are in each state."""
    counts: dict[str, int] = station.standing()["messages"]
    return counts
