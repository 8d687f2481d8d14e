"""A scenario file: what it may say, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from builders.customs_messages import make_key, needs_openssl
from cebd.sandbox.scenario import BadScenario, Reject, Scenario, load_scenario


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_everything_a_scenario_can_say(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        answer_seconds = 1.5
        step_seconds = 0
        duplicate_receipts = 0.25
        shuffle = true
        seed = 7
        drop_receipts = ["X*"]
        not_released = ["C1*"]
        entered_at_once = true
        tax_bills = true
        returns_per_message = 3
        returns_in_envelope = true
        dxp_rep = true
        [[reject]]
        key = "A-00?"
        status = "-301008"
        info = "参数校验不通过，收货地址"
        times = 2
        [[reject]]
        key = "B*"
        status = "100"
        """,
    )
    assert load_scenario(path) == Scenario(
        answer_seconds=1.5,
        step_seconds=0.0,
        duplicate_receipts=0.25,
        shuffle=True,
        seed=7,
        drop_receipts=("X*",),
        not_released=("C1*",),
        entered_at_once=True,
        tax_bills=True,
        returns_per_message=3,
        returns_in_envelope=True,
        dxp_rep=True,
        reject=(
            Reject(key="A-00?", status="-301008", info="参数校验不通过，收货地址", times=2),
            Reject(key="B*", status="100"),
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("anwser_seconds = 1", "anwser_seconds is no setting of a scenario; there are answer_seconds, "),
        ('[[reject]]\nkey = "A"\nstatus = "4"\nwhy = "x"', "reject.0.why is no setting of a scenario; there are key, "),
        ('[[reject]]\nkey = "A"', "reject.0.status: Field required"),
        ('[[reject]]\nkey = "A"\nstatus = "no"', "reject.0.status: "),
        ("duplicate_receipts = 1.5", "duplicate_receipts: "),
        ("answer_seconds = -1", "answer_seconds: "),
        ("returns_per_message = 101", "returns_per_message: "),
        ("seed = \n", "at line 1"),
        ('trusted = "nowhere.pem"', "nowhere.pem: No such file"),
        ('trusted = "scenario.toml"', "scenario.toml is no certificate"),
    ],
)
def test_a_bad_scenario_is_refused_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(BadScenario) as raised:
        load_scenario(path)
    sentence = str(raised.value)
    assert sentence.startswith(f"{path}: ")
    assert said in sentence
    assert "\n" not in sentence


def test_a_scenario_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadScenario, match="No such file"):
        load_scenario(tmp_path / "none.toml")


@needs_openssl
def test_the_trusted_certificate_is_looked_for_beside_the_scenario(tmp_path: Path) -> None:
    make_key(tmp_path, name="customs")
    scenario = load_scenario(written(tmp_path, 'trusted = "customs.authority.pem"'))
    assert scenario.trusted == tmp_path / "customs.authority.pem"


def test_a_scenario_does_not_change_under_way() -> None:
    with pytest.raises(ValidationError):
        Scenario().seed = 2  # type: ignore[misc]


def test_a_rejection_that_is_used_up_makes_room_for_the_next() -> None:
    scenario = Scenario(
        reject=(
            Reject(key="A*", status="-301008", times=1),
            Reject(key="A1", status="100"),
            Reject(key="B", status="4"),
        )
    )
    assert [getattr(scenario.rejection("A1", before), "status", None) for before in (0, 1)] == ["-301008", "100"]
    assert scenario.rejection("A2", 1) is None
    assert scenario.rejection("b") is None
