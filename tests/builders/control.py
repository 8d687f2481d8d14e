"""The customs' control, as a server of the test's own: readers with cards by their names, and the faults that tests of tokens know."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from builders.softhsm import PIN
from cebd.signing.sm2 import DEFAULT_ID, Sm2Key

NO_READER = ["[读卡器底层库]打开读卡器失败：错误码=50200", "Err:Custom50200"]
NO_RESET = ["[读卡器底层库]复位读卡器失败:错误码：50070", "Err:Custom50070"]
WRONG_PIN = ["卡口令错误，请重新输入", "Err:Custom51000"]  # no real one's words were at hand
LOCKED = ["卡口令已锁定", "Err:Custom51001"]
UNKNOWN = ["会话已失效", "Err:Custom50999"]
_SIGNS = "cus-sec_SpcSignDataAsPEM"


@dataclass
class Card:
    key: Sm2Key | RSAPrivateKey
    certificate: x509.Certificate
    pin: str = PIN
    wrong: int = 0  # wrong PINs in a row

    @property
    def number(self) -> str:
        digits = f"{self.certificate.serial_number:x}"
        return digits.zfill(len(digits) + len(digits) % 2)

    def sign(self, text: bytes) -> bytes:
        if isinstance(self.key, Sm2Key):
            return self.key.sign(text, DEFAULT_ID)
        return self.key.sign(text, padding.PKCS1v15(), hashes.SHA1())


@dataclass
class Refusal(Exception):
    errors: list[str]


@dataclass
class FakeControl:
    """Each path of its address is a reader of its own. `asked`: what was asked so far.

    `failed`: the PINs that were refused, by the number of the card's certificate.
    """

    address: str = ""
    cards: dict[str, Card] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    connections: int = 0
    asked: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    _away: dict[str, Card] = field(default_factory=dict)
    _over: threading.Event = field(default_factory=threading.Event)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def reader(self, name: str) -> str:
        """The address of the control with that reader."""
        return f"{self.address}/{name.replace(' ', '-')}"

    def insert(self, name: str, card: Card) -> None:
        self.cards[name.replace(" ", "-")] = card

    def take_out(self, name: str) -> None:
        self._away[name] = self.cards.pop(name)

    def put_back(self, name: str) -> None:
        self.cards[name] = self._away.pop(name)

    def fail(self, **faults: int) -> None:
        """From now on these faults and no others."""
        with self._changed:
            self.faults = faults
            self._changed.notify_all()

    @contextmanager
    def running(self) -> Iterator[FakeControl]:
        with serve(self._serve, "127.0.0.1", 0, compression=None, max_size=None, ping_interval=None) as server:
            self.address = f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            try:
                yield self
            finally:
                with self._changed:
                    self._over.set()
                    self._changed.notify_all()
                server.shutdown()
                thread.join(10)

    def _serve(self, connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):  # whoever asked was killed
            self._answer(connection)

    def _answer(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        reader = connection.request.path.strip("/")
        self.connections += 1
        if self.faults.get("crash") == 4:
            return
        connection.send(
            json.dumps({"_method": "open", "_id": 0, "_status": "00", "_args": {"Result": True, "Data": []}})
        )
        for question in connection:
            asked = json.loads(question)
            method = asked["_method"]
            self.asked.append(method)
            signs = method == _SIGNS
            self._hang("hang" if signs else "hang_open")
            if self._over.is_set() or self.faults.get("crash") == (1 if signs else 4):
                return
            if signs and self.faults.get("crash") == 2:
                return
            try:
                told = {"Result": True, "Data": self._data(reader, method, asked["args"]), "Error": []}
            except Refusal as refusal:
                told = {"Result": False, "Data": [], "Error": refusal.errors}
            self._hang("hang_login" if signs else "")
            if self._over.is_set() or (signs and self.faults.get("crash") == 3):
                return
            connection.send(json.dumps({"_id": asked["_id"], "_method": method, "_status": "00", "_args": told}))

    def _hang(self, fault: str) -> None:
        """A hang ends with its fault, too: the test does not wait for it."""
        with self._changed:
            wait = self.faults.get(fault, 0)
            if wait:
                self._changed.wait_for(lambda: self._over.is_set() or self.faults.get(fault) != wait, wait / 1000)

    def _data(self, reader: str, method: str, given: dict[str, str]) -> list[str]:
        if self.faults.get("gone"):
            raise Refusal(NO_RESET)
        if reader not in self.cards:
            raise Refusal(NO_READER)
        card = self.cards[reader]
        if self.faults.get("open"):
            raise Refusal(["卡正被其他程序使用", "Err:Custom50300"])
        if method == "cus-sec_SpcGetCertNo":
            return [card.number]
        if method == "cus-sec_SpcGetSignCertAsPEM":
            return [base64.encodebytes(card.certificate.public_bytes(Encoding.DER)).decode()]
        assert method == _SIGNS
        self._look_at(card, given["passwd"])
        if self.faults.get("sign"):
            raise Refusal(UNKNOWN)
        return [base64.b64encode(card.sign(given["inData"].encode())).decode(), card.number]

    def _look_at(self, card: Card, pin: str) -> None:
        """The card counts the tries where the fault `tries` says how many it has; the control tells nobody."""
        if self.faults.get("login"):
            raise Refusal(UNKNOWN if self.faults["login"] == 1 else NO_RESET)
        most = self.faults.get("tries", 0)
        if most and card.wrong >= most:
            raise Refusal(LOCKED)
        if pin != card.pin:
            card.wrong += 1
            self.failed.append((card.number, pin))
            raise Refusal(UNKNOWN if self.faults.get("wrong_pin") else WRONG_PIN)
        card.wrong = 0
