"""Mistakes of the settings file as a person makes them: each named with its line in words, and only what it is about switched off."""

from __future__ import annotations

import sqlite3
import tomllib
from pathlib import Path

import pytest

from builders.papers import ROOT
from builders.settings_files import GOOD, mistakes_of
from cebd.operations.settings.check import check_settings, exceptions
from cebd.operations.settings.faults import as_problem
from cebd.operations.settings.machine import machine_faults
from cebd.problems.problem import catalogue
from cebd.settings import Settings, SettingsError, load_settings
from cebd.settings import retired as retired_module
from cebd.store.databases.sqlite import EngineFile
from cebd.trial.keys import make_trial_key

SECOND = GOOD[GOOD.index("[[enterprise]]") : GOOD.index("[signer.s]")].replace('"one"', '"two"').replace('"s"', '"t"')
TWO = GOOD + SECOND + '[signer.t]\ntype = "software"\nkey = "k.pem"\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "cebd.toml"
    path.write_text(text, encoding="utf-8")
    return path


def looked_over(folder: Path, text: str) -> Settings:
    return check_settings(load_settings(written(folder, text)))


def test_a_pin_in_the_environment_is_named_as_a_weak_way_and_used_all_the_same(tmp_path: Path) -> None:
    token = 'type = "pkcs11"\nmodule = "m"\ntoken = "t"\npin = { env = "THE_PIN" }'
    settings = looked_over(tmp_path, GOOD.replace('type = "software"\nkey = "k.pem"', token))
    (found,) = exceptions(settings)
    assert (found.id, found.severity, found.key) == ("CEBD-2019", "warning", "signer.s.pin")
    assert settings.enterprise
    hidden = GOOD.replace('type = "software"\nkey = "k.pem"', token.replace("env", "file"))
    assert not list(exceptions(looked_over(tmp_path, hidden)))


def own_faults(settings: Settings) -> list[str]:
    return [str(one) for one in settings.faults if not one.follows]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("SHA256:" + "A" * 43, "ssh-ed25519 AAAAC3Nz", "this is a public key, not its fingerprint; SHA256: and 43"),
        ("SHA256:" + "A" * 43, "MD5:" + ":".join(["aa"] * 16), "this is an MD5 fingerprint"),
        ('host = "h"', 'host = ""', "channel.c.host: String should have at least 1 character"),
        ('host = "h"', 'host = " "', "channel.c.host: String should have at least 1 character"),
        ('host = "h"', 'host = "sftp://h"', "must be a name or an address alone"),
        ('host = "h"', 'host = "h"\nretry_seconds = inf', "channel.c.retry_seconds: must be a number, not inf or nan"),
        ('type = "sftp"', 'type = "folder"\nsend_dir = "a"\nreceive_dir = "b"', 'is a key of channels of type "sftp"'),
        ('type = "sftp"', 'type = "pkcs11"', '"pkcs11" is a type of signer: this table should be [signer.NAME]'),
        ('type = "software"', 'type = "Software"', "did you mean \"software\"?"),
        ("[signer.s]", "[signers.s]", "signers: unknown setting; did you mean [signer.NAME]?"),
        ("[channel.c]", "[channel]", "channel: needs a name: [channel.NAME]"),
        ("[station]", 'nmae = "x"\n[station]', "nmae: unknown setting; it stands above the first table"),
        ('copCode = "1"', "copCode = 1", "enterprise.0.copCode: must be a text in quotes"),
        ('folder = "one"', 'folder = "store/one"', "lies inside the store"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_in_words_with_its_line(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    found = [one for one in mistakes_of(written(tmp_path, GOOD.replace(old, new, 1))) if told in one]
    assert found, mistakes_of(tmp_path / "cebd.toml")
    assert found[0].startswith("line ")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[[enterprise]]", "[enterprise]", "an enterprise begins with [[enterprise]], in double brackets"),
        ('name = "s1"', 'name = "s1"\nrescan_seconds = nan', "station.rescan_seconds: must be a number, not inf or nan"),
        ('name = "s1"', 'name = "s1"\nlanguage = "de"', "station.language: Input should be 'zh', 'en' or 'both'"),
        ('name = "s1"\n', 'name = "s1"\n[store]\npath = "one/inbox/store"\n', "the store lies inside inbox/ of the enterprise one"),
    ],
)  # fmt: skip
def test_what_the_whole_file_needs_stops_the_start(tmp_path: Path, old: str, new: str, told: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings(written(tmp_path, GOOD.replace(old, new, 1)))
    assert any(told in one and one.startswith("line ") for one in raised.value.errors), raised.value.errors


def test_a_file_saved_by_notepad_is_read_or_told_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "cebd.toml"
    path.write_text(GOOD, encoding="utf-8-sig", newline="\r\n")
    assert load_settings(path).enterprise[0].copName == "一"
    path.write_text(GOOD, encoding="utf-16")
    assert mistakes_of(path) == ["is saved as UTF-16 (Notepad calls it Unicode); save it again with the encoding UTF-8"]
    path.write_text(GOOD.replace("一", "示例公司"), encoding="gbk")
    assert mistakes_of(path)[0].startswith("line 7: is not UTF-8; save it again")


def test_only_what_has_the_mistake_is_switched_off(tmp_path: Path) -> None:
    settings = looked_over(tmp_path, TWO.replace('[signer.t]\ntype = "software"', '[signer.t]\ntype = "sofware"'))
    assert [one.name for one in settings.enterprise] == ["one"]
    assert list(settings.signer) == ["s"]
    mistake, following = settings.faults
    assert (mistake.id, mistake.name, mistake.follows) == ("CEBD-2003", "t", False)
    assert (following.id, following.name, following.follows) == ("CEBD-2007", "two", True)
    for one in settings.faults:
        said = as_problem(one)
        assert f"第 {one.line} 行" in said.zh
        assert f"line {one.line}" in said.en


def test_mistakes_that_leave_no_enterprise_stop_the_start(tmp_path: Path) -> None:
    settings = looked_over(tmp_path, GOOD.replace('dxpId = "D"', 'dxpId = ""'))
    with pytest.raises(SettingsError, match=r"line 8: enterprise\.0\.dxpId"):
        settings.require_an_enterprise()


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[enterprise.defaults.ordr]\nebpCode = "1"\n', "enterprise.0.defaults.ordr: there is no declaration ordr; did you mean order?"),
        ('[enterprise.defaults.order]\nebpCod = "1"\n', "there is no element ebpCod in the head of CEB311; did you mean ebpCode?"),
        ('[enterprise.defaults.order]\nitemName = "1"\n', "did you mean line.itemName?"),
        ('[enterprise.defaults.order]\n"line.ebpCode" = "1"\n', "did you mean ebpCode?"),
        ('[enterprise.defaults.order]\nebpCode = "{orderNr}"\n', "{orderNr} names no head field of CEB311; did you mean {orderNo}?"),
        ('[enterprise.defaults.order]\nebpCode = "A-{orderNo}"\n', "{orderNo} must be the whole value"),
        ('[enterprise.defaults.order]\n"line.itemNo" = "{orderNo}"\n', "{orderNo} cannot be used on a goods line"),
        ('[enterprise.defaults.order]\nguid = "1"\n', "guid is made by cebd"),
    ],
)  # fmt: skip
def test_a_default_that_names_nothing_is_a_mistake_of_its_enterprise(tmp_path: Path, table: str, told: str) -> None:
    settings = looked_over(tmp_path, GOOD.replace("[signer.s]", f"{table}[signer.s]") + SECOND.replace('"t"', '"s"'))
    assert [one.name for one in settings.enterprise] == ["two"]
    (fault,) = own_faults(settings)
    assert told in fault
    assert fault.startswith("line 13" if "ordr" in told else "line 14")


@pytest.mark.parametrize(
    ("mapping", "told"),
    [
        ('type = "ordre"', "mapping.m.type: there is no declaration ordre; did you mean order?"),
        ('type = "CEB312"', "mapping.m.type: there is no declaration CEB312"),
        ('type = "order"\nsum_per_order = ["goodsValu"]', "mapping.m.sum_per_order: there is no element goodsValu"),
        ('type = "order"\ncolumns = { "币制" = "OrderHead/curency" }', "there is no element curency in CEB311; did you mean currency?"),
        ('type = "order"\ndefaults = { orderTyp = "I" }', "there is no element orderTyp"),
    ],
)  # fmt: skip
def test_a_mapping_that_names_nothing_switches_off_what_uses_it(tmp_path: Path, mapping: str, told: str) -> None:
    text = GOOD.replace('channel = "c"', 'channel = "c"\nmapping = ["m"]') + SECOND.replace('"t"', '"s"')
    settings = looked_over(tmp_path, f"{text}[mapping.m]\n{mapping}\n")
    assert [one.name for one in settings.enterprise] == ["two"]
    assert not settings.mapping
    (fault,) = own_faults(settings)
    assert told in fault


def test_a_rule_that_there_is_not_has_no_effect_and_is_named(tmp_path: Path) -> None:
    settings = looked_over(
        tmp_path, GOOD + '[rules]\n"CEBD-9999" = "off"\n"CEBD-1306" = "warning"\n"CEBD-1303" = "of"\n'
    )
    assert settings.rules == {"CEBD-1306": "warning"}
    assert len(settings.enterprise) == 1
    assert sorted(own_faults(settings)) == [
        "line 23: rules.CEBD-9999: there is no such problem",
        'line 25: rules.CEBD-1303: must be one of "error", "warning", "off"',
    ]


def test_folders_inside_one_another_are_mistakes_through_links_too(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "one")
    for folder, told in (("one/two", "lies inside"), ("link", "is used by two enterprises")):
        settings = looked_over(tmp_path, TWO.replace('folder = "two"', f'folder = "{folder}"'))
        assert not settings.enterprise
        assert len(own_faults(settings)) == 2
        assert told in own_faults(settings)[0]
    text = (
        GOOD[: GOOD.index("[channel.c]")]
        + '[channel.c]\ntype = "folder"\nsend_dir = "one/inbox/x"\nreceive_dir = "r"\n'
    )
    (fault,) = own_faults(looked_over(tmp_path, text))
    assert "channel.c.send_dir" in fault
    assert "inbox/ of one lie inside one another" in fault


def test_a_key_in_a_file_signs_nothing_in_production(tmp_path: Path) -> None:
    settings = looked_over(tmp_path, GOOD.replace('name = "s1"', 'environment = "production"'))
    tokens = " / ".join(f'type = "{kind}"' for kind in ("pkcs11", "skf", "sdf", "control", "remote"))
    assert own_faults(settings) == [
        f"line 14: signer.s.type: in production a token signs ({tokens}), never a key in a file"
    ]
    assert not settings.enterprise


def test_a_key_that_a_new_version_does_not_know_any_more_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(retired_module.RETIRED, ("enterprise", "*", "colour"), ("it is told by the file", "由文件决定"))
    settings = looked_over(tmp_path, GOOD.replace('channel = "c"', 'channel = "c"\ncolour = "red"'))
    (fault,) = settings.faults
    assert (fault.id, fault.severity, len(settings.enterprise)) == ("CEBD-2009", "warning", 1)
    assert str(fault).startswith("line 12: enterprise.0.colour: is not known any more and does nothing")


def test_what_the_machine_lacks_is_named_with_its_line(tmp_path: Path) -> None:
    make_trial_key(tmp_path / "a")
    make_trial_key(tmp_path / "b")
    (tmp_path / "empty").write_text("", encoding="utf-8")
    (tmp_path / "no-library.so").write_text("nothing", encoding="utf-8")
    tables = (
        '[signer.gone]\ntype = "software"\nkey = "gone.pem"\n',
        '[signer.other]\ntype = "software"\nkey = "a/trial.key.pem"\ncert = "b/trial.cert.pem"\n',
        '[signer.bare]\ntype = "software"\nkey = "a/trial.key.pem"\n',
        '[signer.token]\ntype = "pkcs11"\nmodule = "no-library.so"\ntoken = "T"\npin = { env = "NO_SUCH_PIN" }\n',
        '[signer.lib]\ntype = "pkcs11"\nmodule = "no-library.so"\ntoken = "T"\npin = { env = "HOME" }\n',
        '[signer.blank]\ntype = "pkcs11"\nmodule = "no-library.so"\ntoken = "T"\npin = { file = "empty" }\n',
    )
    settings = load_settings(written(tmp_path, GOOD.replace("k.pem", "a/trial.key.pem") + "".join(tables)))
    found = {one.key: one for one in machine_faults(settings, load_libraries=True)}
    told = {
        "signer.gone.key": "gone.pem does not exist",
        "signer.other.key": "belongs to another key",
        "signer.bare.key": "PEM needs its certificate named too",
        "signer.s.key": "PEM needs its certificate named too",
        "signer.token.pin": "environment variable NO_SUCH_PIN is not set",
        "signer.lib.module": "is no PKCS#11 library",
        "signer.blank.pin": "the secret is empty",
    }
    assert found.keys() == told.keys()
    for key, text in told.items():
        assert text in found[key].en
        assert found[key].line is not None


def test_the_missing_package_is_named_and_is_installed_with_cebd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lib.so").write_text("", encoding="utf-8")
    signer = '[signer.t]\ntype = "pkcs11"\nmodule = "lib.so"\ntoken = "T"\npin = { env = "HOME" }\n'
    settings = load_settings(written(tmp_path, GOOD + signer))
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    found = {one.key: one.en for one in machine_faults(settings, load_libraries=True)}
    assert found["signer.t.type"].startswith("python-pkcs11 is not installed here")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert any(one.startswith("python-pkcs11") for one in project["dependencies"])
    assert project["optional-dependencies"]["pkcs11"] == []  # earlier versions' name


def test_every_fault_has_its_texts() -> None:
    for number in range(2001, 2016):
        entry = catalogue()[f"CEBD-{number}"]
        assert {"zh", "en", "fix_zh", "fix_en"} <= entry.keys()


def test_work_of_a_station_that_was_renamed_is_taken_over(tmp_path: Path) -> None:
    """It was never taken up again: the engine goes by the name under which it was begun."""
    EngineFile(tmp_path).adopt("new")
    with sqlite3.connect(tmp_path / "engine.sqlite") as engine:
        engine.execute("CREATE TABLE workflow_status (workflow_uuid TEXT, status TEXT, executor_id TEXT)")
        rows = [("a", "PENDING", "old"), ("b", "PENDING", None), ("c", "SUCCESS", "old"), ("d", "ENQUEUED", "local")]
        engine.executemany("INSERT INTO workflow_status VALUES (?, ?, ?)", rows)
    EngineFile(tmp_path).adopt("new")
    with sqlite3.connect(tmp_path / "engine.sqlite") as engine:
        found = engine.execute("SELECT workflow_uuid, executor_id FROM workflow_status").fetchall()
    assert dict(found) == {"a": "new", "b": "new", "c": "old", "d": "local"}
