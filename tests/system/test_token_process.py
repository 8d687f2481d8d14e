"""A token has a process of its own: what happens there stays there, and the PIN is nowhere else."""

from __future__ import annotations

import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from builders.certificates import Authority, rsa_key, write_der, write_key
from builders.customs_messages import a_message, an_order
from builders.libraries import needs_compiler
from builders.softhsm import PIN, FaultyLibrary, SoftHsm, needs_softhsm
from builders.stations import TryStation
from builders.waiting import until
from cebd.settings_table import Secret
from cebd.signing.sign_file import sign_document
from cebd.signing.signer import TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.signers.pkcs11_settings import Pkcs11Settings
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.usage import Patience
from cebd.signing.verification import verify_bytes
from cebd.trial.rows import order_rows

pytestmark = [needs_softhsm, needs_compiler, pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")]

LONG_PIN, LONG_WRONG = "xyloph0n3-649273-right", "xyloph0n3-918273-wrong"  # no number that stands somewhere by chance
MESSAGE = a_message(an_order("N1"))


class Desk:
    """A token EPORT behind the faulty library."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hsm, self.library = SoftHsm(folder / "hsm"), FaultyLibrary(folder / "library")
        self.hsm.make_token("EPORT")
        self.hsm.import_pair("EPORT", rsa_key("a"), Authority().issue(rsa_key("a").public_key(), 0xA1))
        (folder / "pin").write_text(PIN)
        self.opened: list[TokenSigner] = []

    def signer(self, pin: Secret | None = None, patience: Patience = Patience(open=5.0, sign=5.0)) -> TokenSigner:  # noqa: B008
        wanted = Pkcs11Settings(
            type="pkcs11",
            module=self.library.module,
            token="EPORT",
            pin=pin or Secret(file=Path("pin")),
        )
        signer = open_signer(wanted, SignerContext(self.folder, None, self.folder / "machine", patience))
        assert isinstance(signer, TokenSigner)
        self.opened.append(signer)
        return signer


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path)
    for name, value in {**made.hsm.environment, **made.library.environment}.items():
        monkeypatch.setenv(name, value)
    yield made
    for signer in made.opened:
        signer.close()


def token_processes(of: int) -> list[int]:
    """Its children that have a token."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            if b"cebd.signing.tokens" in words and parent == str(of):
                found.append(int(place.name))
    return found


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def signs(signer: TokenSigner) -> None:
    assert verify_bytes(sign_document(MESSAGE, signer)).certificate.number == "a1"


def test_it_outlives_the_thread_that_began_it(desk: Desk) -> None:
    signer = desk.signer()
    first = threading.Thread(target=lambda: signs(signer))
    first.start()
    first.join()
    signs(signer)
    assert desk.library.calls("login") == 1


def test_it_has_the_environment_but_for_the_pin(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PIN", PIN)
    signs(desk.signer(Secret(env="A_PIN")))
    [process] = token_processes(os.getpid())
    environment = Path(f"/proc/{process}/environ").read_bytes()
    assert b"SOFTHSM2_CONF" in environment
    assert PIN.encode() not in environment + Path(f"/proc/{process}/cmdline").read_bytes()


def test_a_library_that_prints_and_forks_harms_nothing(desk: Desk, capfd: pytest.CaptureFixture[str]) -> None:
    """What it left behind has our streams open: its own process is found to have ended all the same."""
    desk.library.fail(noise=1)
    signer = desk.signer(patience=Patience(sign=30.0))
    signs(signer)
    desk.library.fail(crash=1)
    began = time.monotonic()
    with pytest.raises(TokenError, match="ended with"):
        signer.sign(b"text")
    assert time.monotonic() - began < 15
    desk.library.fail()
    signs(signer)
    said = capfd.readouterr()
    assert "the maker" not in said.out + said.err


def test_a_library_that_crashes_while_nobody_signs_is_not_noticed_by_whoever_signs_next(desk: Desk) -> None:
    signer = desk.signer()
    signs(signer)
    [process] = token_processes(os.getpid())
    os.kill(process, signal.SIGSEGV)
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)  # and left to be found by the signer
    signs(signer)


PARENT = """
import sys, threading
from pathlib import Path
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.pkcs11.driver import Pkcs11Token
from cebd.signing.tokens.task import TokenTask

folder, module = Path(sys.argv[1]), sys.argv[2]
signer = TokenSigner(TokenTask(Pkcs11Token(module, "EPORT"), folder / "pin", None, folder / "machine"))
signer.certificate()
print("ready", flush=True)
signer.sign(b"text")
"""


@pytest.mark.parametrize("hangs", [False, True], ids=["while nothing is to be done", "in the middle of a call"])
def test_it_ends_with_the_process_that_began_it(desk: Desk, hangs: bool) -> None:
    desk.library.fail(hang=600_000)
    command = [sys.executable, "-c", PARENT, str(desk.folder), str(desk.library.module)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        [process] = token_processes(parent.pid)
        if hangs:
            until(lambda: desk.library.calls("sign"), "it to sign")
        parent.kill()
        until(lambda: is_gone(process), "it to be gone")


def writable_memory(process: int) -> Iterator[bytes]:
    """All of it that is not the file it was loaded from, in pieces."""
    lines = Path(f"/proc/{process}/maps").read_text().splitlines()
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in lines:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found and "[vvar]" not in line:
                begin, end = (int(number, 16) for number in found.groups())
                with suppress(OSError):
                    memory.seek(begin)
                    yield memory.read(end - begin)


def test_the_pin_is_nowhere_but_in_its_file_and_the_tokens_process(tmp_path: Path) -> None:
    """After a wrong PIN, a token that was away and a driver that crashed: neither in a log, in the store, in the list of processes, nor in
    the memory of the daemon."""
    with TryStation(tmp_path, by_folder=True) as station:
        token, library = SoftHsm(tmp_path / "token"), FaultyLibrary(tmp_path / "library")
        token.environment.update(library.environment)
        keys = station.settings_path.parent / "keys"
        station.token = token
        token.make_token("EPORT", LONG_PIN)
        token.import_key("EPORT", keys / "trial.key.pem", pin=LONG_PIN)
        token.import_certificate("EPORT", station.certificate_in_der(), pin=LONG_PIN)
        station.sign_with("EPORT", library.module)
        pin = keys / "pin"
        pin.write_text(LONG_WRONG + "\n")
        station.start(cold=True)
        assert station.daemon is not None
        station.condition("signer:trial", "CEBD-1502")
        pin.write_text(LONG_PIN + "\n")
        station.drop_rows("first.xlsx", "order", list(order_rows(1)))
        assert station.final_receipt("first")["counts"] == {"succeeded": 1}
        library.fail(crash=1)
        station.drop_rows("second.xlsx", "order", list(order_rows(1, first=2)))
        station.condition("signer:trial", "CEBD-1501")
        token.take_out_all()
        library.fail()
        station.condition("signer:trial", "CEBD-1501")
        token.plug_in_all()
        assert station.final_receipt("second")["counts"] == {"succeeded": 1}
        secrets = [LONG_PIN.encode(), LONG_WRONG.encode()]

        [process] = token_processes(station.daemon.pid)
        for number in (process, station.daemon.pid):
            for name in ("cmdline", "environ"):
                content = Path(f"/proc/{number}/{name}").read_bytes()
                assert not any(secret in content for secret in secrets), (number, name)
        assert any(
            LONG_PIN.encode() in piece for piece in writable_memory(process)
        )  # what is looked for would be found
        for piece in writable_memory(station.daemon.pid):
            assert not any(secret in piece for secret in secrets)
        assert station.stop() == 0
        for path in tmp_path.rglob("*"):
            if path.is_file() and path != pin and not path.is_relative_to(library.module.parent):
                content = path.read_bytes()
                assert not any(secret in content for secret in secrets), path


TROUBLED_PARENT = """
import sys, threading
from pathlib import Path
from cebd.signing.signer import PinRefused, TokenError
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.pkcs11.driver import Pkcs11Token
from cebd.signing.tokens.task import TokenTask

folder, module, right = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
signer = TokenSigner(TokenTask(Pkcs11Token(module, "EPORT"), folder / "pin", None, folder / "machine"))
try:
    signer.certificate()
except PinRefused as error:
    kept = error
right.replace(folder / "pin")
signer.sign(b"text")
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(shutil.which("gcore") is None, reason="no gcore for a core dump (apt-get install gdb)")
def test_a_core_dump_of_whoever_signs_holds_no_pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither that which was refused nor that which was taken; of the token's own process it would."""
    hsm, library = SoftHsm(tmp_path / "hsm"), FaultyLibrary(tmp_path / "library")
    for name, value in {**hsm.environment, **library.environment}.items():
        monkeypatch.setenv(name, value)
    hsm.make_token("EPORT", LONG_PIN)
    certificate = Authority().issue(rsa_key("a").public_key(), 0xA1)
    hsm.import_key("EPORT", write_key(tmp_path / "key.pem", rsa_key("a")), pin=LONG_PIN)
    hsm.import_certificate("EPORT", write_der(tmp_path / "cert.der", certificate), pin=LONG_PIN)
    (tmp_path / "pin").write_text(LONG_WRONG)
    (tmp_path / "right").write_text(LONG_PIN)
    command = [sys.executable, "-c", TROUBLED_PARENT, *map(str, (tmp_path, library.module, tmp_path / "right"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        [process] = token_processes(parent.pid)
        assert holds_pin(core_of(process, tmp_path))
        assert not holds_pin(core_of(parent.pid, tmp_path))


def core_of(process: int, folder: Path) -> Path:
    """All that is in its memory, as the system would write it down if it crashed now."""
    subprocess.run(["gcore", "-o", folder / "core", str(process)], check=True, capture_output=True)
    return folder / f"core.{process}"


def holds_pin(core: Path) -> bool:
    with core.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(pin.encode()) >= 0 for pin in (LONG_PIN, LONG_WRONG))
