"""A dozen faults of different kinds, made for real: an administrator reads the cause and whose matter it is in the first three lines of
`cebd status`, and nothing of it once it is over. All of them: `./dev soak faults`."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.libraries import needs_compiler
from builders.softhsm import needs_softhsm
from injected.fault import PARTIES, Place, tried
from injected.machine import MachinePlace
from injected.sftp import SftpPlace
from injected.table import FAULTS
from injected.tokens import TokenPlace

CHOSEN: dict[type[Place], tuple[str, ...]] = {
    TokenPlace: (
        "the token is pulled out",
        "the library crashes",
        "the PIN is wrong",
        "the token says that it is locked",
        "what came of a PIN cannot be written down",
    ),
    SftpPlace: (
        "the server is down",
        "the server has another host key",
        "the server knows our key no more",
    ),
    MachinePlace: (
        "new settings with a mistake",
        "a settings file that is no TOML",
        "the daemon was killed",
        "the store is gone",
    ),
}


def test_the_table_has_sixty_faults_each_with_a_party_and_words_for_both_readers() -> None:
    assert len(FAULTS) >= 60
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {fault.party for fault in FAULTS} >= PARTIES.keys() - {"cebd"}
    assert all(fault.zh and fault.en for fault in FAULTS)


@needs_softhsm
@needs_compiler
@pytest.mark.parametrize("place", CHOSEN, ids=lambda place: place.__name__)
def test_each_fault_is_named_with_its_party_in_the_first_lines_and_gone_when_it_is_over(
    tmp_path: Path, place: type[Place]
) -> None:
    chosen = [fault for fault in FAULTS if fault.at is place and fault.name in CHOSEN[place]]
    assert len(chosen) == len(CHOSEN[place])
    with place(tmp_path / "place") as made:
        outcomes = [tried(made, fault) for fault in chosen]
    assert not [outcome for outcome in outcomes if not outcome.is_as_promised]
