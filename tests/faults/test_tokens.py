"""The token is away, comes back, is another one: messages wait for a stated reason and go on by themselves, others are not kept waiting."""

from __future__ import annotations

from pathlib import Path

from builders.certificates import Authority, rsa_key
from builders.softhsm import SoftHsm, needs_softhsm
from builders.stations import TryStation
from builders.waiting import until
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
        assert "enterprise b2" in station.cebd("token", "list", *settings).stdout
        until(lambda: not station.standing()["conditions"], "nothing more to say")
