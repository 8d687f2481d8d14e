"""A whole station for a test: settings and keys of `cebd init`, a simulated customs side, the daemon in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from builders import processes
from builders.new_station import new_station
from builders.openssh import OpenSsh
from builders.ordinary_user import a_folder_for_the_user, give_to_the_user, runs_as_root
from builders.skf import SkfDevices
from builders.softhsm import MODULE, PIN, FaultyLibrary, SoftHsm
from builders.waiting import PATIENCE, until
from cebd.machine_folder import VARIABLE
from cebd.operations.audit import Balance, audit_station
from cebd.operations.inquiries.overview import overview
from cebd.sandbox.desk import Desk
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.sftp.server import SandboxServer
from cebd.settings import load_settings
from cebd.store.store import Store, StoreError
from cebd.trial.rows import Line, order_rows, write_workbook

QUICK = (
    ("stable_seconds = 1.0", "stable_seconds = 0.2"),
    ("rescan_seconds = 5.0", "rescan_seconds = 0.5"),
    ("receipts_seconds = 2.0", "receipts_seconds = 0.2"),
    ("port = 0", "port = {port}"),
)


def is_over(receipt: dict[str, Any]) -> bool:
    """Whether every record has come to its end: one that rests at the e-port may go on."""
    return bool(receipt["final"]) and "acknowledged" not in receipt["counts"]


def receipt_json(outbox: Path, stem: str) -> Path | None:
    """Where the receipt JSON of that file lies, whatever its day; None while there is none."""
    return next(outbox.glob(f"json/*/{stem}.receipt.json"), None)


class TryStation:
    """A station in a folder of its own. Use as a context manager: everything it started is ended with it, and audited."""

    def __init__(
        self,
        folder: Path,
        scenario: Scenario | None = None,
        *,
        real: bool = False,
        audited: bool = True,
        as_user: bool = False,
        by_folder: bool = False,
    ) -> None:
        """`real`: OpenSSH's sshd in place of the simulated server, and a SoftHSM2 token in place of the key file.

        `by_folder`: declarations are handed over in a folder, and receipts taken from one; there is no server then.

        `audited`: the books are looked through when the test ends well.

        `as_user`: when the tests are root, the daemon and every command run as an ordinary user, in a folder of that user's own
        (elsewhere than `folder`). What the test itself puts there is root's; `give_to_the_user` changes that.
        """
        self._audited = audited
        self.as_user = as_user and runs_as_root()
        self._users_folder = a_folder_for_the_user() if self.as_user else None
        folder = self._users_folder or folder
        made = new_station(folder / "station")
        self.settings_path = made.settings
        self.authority = made.authority
        self.share = made.inbox.parent
        self.inbox = made.inbox
        self.outbox = made.outbox
        self.store = made.settings.parent / "store"
        self.log_path = folder / "daemon.log"
        self.customs_folder = made.sandbox
        self.scenario = scenario or Scenario(answer_seconds=0.05, step_seconds=0.05, entered_at_once=True)
        self.customs = SandboxServer(self.customs_folder, port=0, scenario=self.scenario)
        self.desk = Desk(self.customs_folder, self.scenario, lambda _said: None)
        self.sshd = OpenSsh(folder / "sshd", self.customs_folder) if real and not by_folder else None
        self._by_folder = by_folder
        self.token: SoftHsm | SkfDevices | None = SoftHsm(folder / "token") if real else None
        self.daemon: processes.Process | None = None
        self._log_before = 0
        self.others: list[Path] = []  # folders of further enterprises
        self._beside = 0

    def __enter__(self) -> TryStation:
        if self._by_folder:
            self.desk.start()
            text = self.settings_path.read_text(encoding="utf-8")
            handed = '[channel.sandbox]\ntype = "folder"\nsend_dir = "sandbox/in"\nreceive_dir = "sandbox/out"\n'
            text = text[: text.index("[channel.sandbox]")] + handed + "# port = 0\n"
            self.settings_path.write_text(text, encoding="utf-8")
        elif self.sshd is not None:
            self.desk.start()
            self.sshd.start()
        else:
            self.customs.start()
        port = 0 if self._by_folder else self.sshd.port if self.sshd else self.customs.port
        for slow, quick in QUICK:
            self.change_settings(slow, quick.format(port=port))
        if self.sshd is not None:
            self.change_settings('user = "cebd"', f'user = "{self.sshd.user}"')
            self.change_settings('key = "sandbox/client_key"', f'key = "{self.sshd.user_key}"')
            self.change_settings(self.customs.home.host_key_fingerprint, self.sshd.fingerprint)
        if isinstance(self.token, SoftHsm):
            self._use_token(self.token)
        if self._users_folder is not None:
            give_to_the_user(self._users_folder)
        return self

    def _use_token(self, token: SoftHsm) -> None:
        keys = self.settings_path.parent / "keys"
        token.make_token("EPORT")
        token.import_key("EPORT", keys / "trial.key.pem")
        token.import_certificate("EPORT", self.certificate_in_der())
        (keys / "pin").write_text(PIN + "\n", encoding="ascii")
        self.sign_with("EPORT", MODULE)

    def use_faulty_token(self, token: SoftHsm, library: FaultyLibrary) -> None:
        """Have the first enterprise sign with this token, behind that library."""
        self._use_token(token)
        self.change_settings(f'module = "{MODULE}"', f'module = "{library.module}"')
        token.environment.update(library.environment)
        self.token = token

    def use_skf(self, devices: SkfDevices) -> None:
        """Have the first enterprise sign with the trial's key on a USB key, through that library."""
        keys = self.settings_path.parent / "keys"
        key = serialization.load_pem_private_key((keys / "trial.key.pem").read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        certificate = x509.load_pem_x509_certificate((keys / "trial.cert.pem").read_bytes())
        devices.plug_in_new("EPORT", key, certificate)
        (keys / "pin").write_text(PIN + "\n", encoding="ascii")
        self.sign_with("EPORT", devices.module)
        self.change_settings('type = "pkcs11"\nmodule', 'type = "skf"\nlibrary')
        self.change_settings('\ntoken = "EPORT"', '\ndevice = "EPORT"')
        self.token = devices

    def certificate_in_der(self) -> Path:
        """The certificate of the trial's key, as tokens want it."""
        keys = self.settings_path.parent / "keys"
        certificate = x509.load_pem_x509_certificate((keys / "trial.cert.pem").read_bytes())
        (keys / "trial.cert.der").write_bytes(certificate.public_bytes(serialization.Encoding.DER))
        return keys / "trial.cert.der"

    def sign_with(self, token: str, module: Path | None) -> None:
        """Have the first enterprise sign with a token, whose PIN stands in `keys/pin`."""
        self.change_settings(
            'type = "software"\nkey = "keys/trial.key.pem"\ncert = "keys/trial.cert.pem"',
            f'type = "pkcs11"\nmodule = "{module}"\ntoken = "{token}"\npin = {{ file = "keys/pin" }}',
        )

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self.daemon is not None and self.daemon.poll() is None:
            self.kill()
        if self._audited and kind is None and self.store.exists():
            balance = self.audit()
            assert balance.clean, balance.as_json()
        if self._by_folder:
            self.desk.stop()
        elif self.sshd is not None:
            self.desk.stop()
            self.sshd.stop()
        else:
            self.customs.stop()
        if self._users_folder is not None and kind is None:
            shutil.rmtree(self._users_folder, ignore_errors=True)

    def customs_away(self) -> None:
        """The line goes down."""
        self.port = self.customs.port
        self.customs.stop()

    def customs_back(self) -> None:
        """The line is up again."""
        self.customs = SandboxServer(self.customs_folder, port=self.port, scenario=self.scenario)
        self.customs.start()

    def add_settings(self, text: str) -> None:
        """More tables at the end of the settings file."""
        with self.settings_path.open("a", encoding="utf-8") as settings:
            settings.write(text)

    def change_settings(self, old: str, new: str) -> None:
        """Replace a piece of the settings that is there."""
        text = self.settings_path.read_text(encoding="utf-8")
        assert old in text
        self.settings_path.write_text(text.replace(old, new), encoding="utf-8")

    def add_enterprise(self, name: str = "other") -> Path:
        """A second enterprise, with a folder of its own beside the first one's and the same signer and channel; that folder."""
        text = self.settings_path.read_text(encoding="utf-8")
        own = text[text.index("[[enterprise]]") : text.index("[mapping.")].replace('"orders-as-found"', "")
        for old, new in (('name = "trial"', f'name = "{name}"'), ('folder = "share"', f'folder = "{name}"')):
            assert old in own
            own = own.replace(old, new)
        self.add_settings("\n" + own)
        self.others.append(self.settings_path.parent / name)
        return self.others[-1]

    def other_enterprise_goes_on(self, seconds: float = PATIENCE) -> None:
        """An order of the second enterprise, dropped now, is declared and accepted as if nothing were wrong elsewhere."""
        self._beside += 1
        name = f"beside-{self._beside}"
        inbox, outbox = self.others[0] / "inbox", self.others[0] / "outbox"
        until(inbox.is_dir, "the inbox of the other enterprise", seconds)
        write_workbook(inbox / f"{name}.part", "order", list(order_rows(1, first=self._beside, prefix="BESIDE")))
        (inbox / f"{name}.part").replace(inbox / f"{name}.xlsx")

        def accepted() -> bool:
            path = receipt_json(outbox, name)
            return path is not None and json.loads(path.read_text(encoding="utf-8"))["counts"] == {"succeeded": 1}

        until(accepted, f"{name} of the other enterprise accepted", seconds)

    # The daemon

    def start(
        self, script: Path | None = None, how: tuple[str, ...] = (), *, cold: bool = False, changes_cebd: bool = True
    ) -> None:
        """Start the daemon; or a script that runs it in a way of its own. `how`: further words for either. `cold`: by a Python started
        anew. `changes_cebd`: the script must be the first to import it.
        """
        arguments = ("run", *how, "-c", self.settings_path) if script is None else (self.settings_path, *how)
        with self.log_path.open("ab") as log:
            self._log_before = log.tell()
            self.daemon = processes.start(
                arguments,
                script=script,
                stdout=log,
                stderr=log,
                environment=self.environment(),
                as_user=self.as_user,
                cold=cold,
                changes_cebd=changes_cebd,
            )

    def kill(self) -> None:
        """SIGKILL: as if the power went."""
        assert self.daemon is not None
        with suppress(ProcessLookupError):
            self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait(timeout=PATIENCE)

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Meanwhile the daemon does nothing, so that more than one thing can be changed in its folders as if at once."""
        assert self.daemon is not None
        tasks = Path(f"/proc/{self.daemon.pid}/task")
        self.daemon.send_signal(signal.SIGSTOP)
        try:
            until(
                lambda: all("State:\tT" in one.read_text() for one in tasks.glob("*/status")), "every thread to stand"
            )
            yield
        finally:
            self.daemon.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """Ask the daemon to stop, once it runs; its exit code."""
        assert self.daemon is not None
        until(lambda: "station runs" in self.log()[self._log_before :], "the daemon to run")
        self.daemon.terminate()
        return self.daemon.wait(timeout=PATIENCE)

    def run_once(self) -> subprocess.CompletedProcess[str]:
        """`cebd run --once`."""
        return self.cebd("run", "--once", "-c", str(self.settings_path))

    def cebd(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Any command of cebd; never raises."""
        return processes.run(arguments, environment=self.environment(), as_user=self.as_user)

    def audit(self) -> Balance:
        """What `cebd audit` finds, without a process of its own."""
        return audit_station(load_settings(self.settings_path))

    def environment(self) -> dict[str, str]:
        """The environment that the daemon and the commands have."""
        token = self.token.environment if self.token else {}
        home = {"HOME": str(self._users_folder), "PYTHONDONTWRITEBYTECODE": "1"} if self.as_user else {}
        machine = {VARIABLE: str(self.log_path.with_name("machine"))}
        return {**os.environ, **token, **home, **machine}

    def log(self) -> str:
        """What the daemon said."""
        return self.log_path.read_bytes().decode("ascii", errors="replace")

    def condition(self, key: str, problem: str, seconds: float = PATIENCE) -> dict[str, Any]:
        """What `cebd status` names under that key and problem, once it does; read without a process for each look."""

        def named() -> dict[str, Any] | None:
            return next(
                (one for one in self.standing()["conditions"] if (one["key"], one["id"]) == (key, problem)), None
            )

        found: dict[str, Any] = until(named, f"{key} named as {problem}", seconds)
        return found

    def standing(self) -> dict[str, Any]:
        """The facts of `cebd status`; nothing stands while there is no store yet."""
        try:
            store = Store.open(self.store, create=False)
        except StoreError:
            return {"conditions": [], "tokens": []}
        with closing(store), store.read() as connection:
            return overview(connection).as_json()

    # The operator

    def drop(self, name: str, content: bytes) -> None:
        """Put a file into the inbox the careful way: under another name first."""
        part = self.inbox / "dropped.part"
        part.write_bytes(content)
        part.replace(self.inbox / name)

    def drop_rows(self, name: str, code: str, rows: list[Line]) -> None:
        """Drop a workbook of these rows."""
        part = self.inbox / f"{name}.part"
        write_workbook(part, code, rows)
        part.replace(self.inbox / name)

    def receipt(self, stem: str) -> dict[str, Any] | None:
        """The receipt JSON as it is now."""
        path = receipt_json(self.outbox, stem)
        receipt: dict[str, Any] | None = json.loads(path.read_text(encoding="utf-8")) if path is not None else None
        return receipt

    def receipt_book(self, stem: str) -> Path:
        """The receipt workbook, which is there."""
        [path] = self.outbox.glob(f"**/{stem}.receipt.xlsx")
        return path

    def final_receipt(self, stem: str, seconds: float = PATIENCE, words: int = 0) -> dict[str, Any]:
        """The receipt once it is final, and this many statuses were said of each record; where customs enter everything at once, once no
        record is on its way any more.

        Customs' last word may come before an earlier one: who asks for the whole history says how long it is.
        """

        def final() -> dict[str, Any] | None:
            receipt = self.receipt(stem)
            if receipt is None or not (is_over(receipt) if self.scenario.entered_at_once else receipt["final"]):
                return None
            return receipt if all(len(record["history"]) >= words for record in receipt["records"]) else None

        receipt: dict[str, Any] = until(final, f"{stem} final", seconds)
        return receipt
