"""One trouble with the token after the other while messages are signed. Many more: `./dev soak tokens`."""

from __future__ import annotations

from pathlib import Path

from builders.libraries import needs_compiler
from builders.softhsm import needs_softhsm
from soak.tokens import TROUBLES, campaign

pytestmark = [needs_softhsm, needs_compiler]


def test_every_trouble_once_and_each_message_is_signed_once_and_in_time(tmp_path: Path) -> None:
    troubles = list(TROUBLES)
    outcome = campaign(tmp_path, seed=20260304, messages=30, troubles=troubles, longest=3.0)
    assert outcome.as_promised(30), outcome
