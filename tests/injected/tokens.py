"""A station that signs with a token, behind a library that fails where it is told to."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from builders.certificates import Authority, rsa_key, write_key
from builders.softhsm import PIN, FaultyLibrary, SoftHsm
from builders.stations import TryStation
from injected.fault import Fault, Place

_SESSION_LOST = {"sign": 0xB3}
_LOCKED, _LAST_TRY = 0x40000, 0x20000  # flags of a token, PKCS#11 v2.40
_LABEL = "EPORT"


class TokenPlace(Place):
    def begin(self) -> None:
        self.station = self.ending.enter_context(TryStation(self.folder / "s", by_folder=True, audited=False))
        self.token, self.library = SoftHsm(self.folder / "token"), FaultyLibrary(self.folder / "library")
        self.station.use_faulty_token(self.token, self.library)
        self.pin = self.base / "keys" / "pin"
        self.machine = Path(self.station.environment()["CEBD_STATE"])
        self.start()
        self.station.final_receipt(self.order())

    def fails(self, **faults: int) -> None:
        """From now on these, with a message to be signed."""
        self.library.fail(**faults)
        self.order()

    def works(self) -> None:
        self.library.fail()

    def logs_in_anew(self) -> None:
        """Its session is lost, so that the PIN is shown again."""
        self.fails(sign_once=1, **_SESSION_LOST)

    def another_card(self, fill: Callable[[], None]) -> None:
        """The card is pulled out, and one with the same label put in its place."""
        self.fails(gone=0x32)
        self.token.take_out(_LABEL)
        self.token.make_token(_LABEL)
        fill()
        self.works()

    def own_card(self) -> None:
        """The other one is pulled out, and the known one put in."""
        self.library.fail(gone=0x32)
        self.token.delete_token(_LABEL)
        self.token.plug_in(_LABEL)
        self.works()

    def a_stranger(self) -> None:
        self.token.import_pair(_LABEL, rsa_key("b"), Authority().issue(rsa_key("b").public_key(), 0xB2))

    def only_a_key(self) -> None:
        self.token.import_key(_LABEL, write_key(self.folder / "only.pem", rsa_key("b")))

    def wrong_pin(self) -> None:
        self.pin.write_text("111111\n", encoding="ascii")
        self.fails(**_SESSION_LOST)

    def right_pin(self) -> None:
        self.pin.write_text(PIN + "\n", encoding="ascii")
        self.works()

    def no_pin(self) -> None:
        self.pin.unlink()
        self.fails(**_SESSION_LOST)

    def odd_pin(self) -> None:
        self.pin.write_text("1\n2\n", encoding="ascii")
        self.fails(**_SESSION_LOST)

    def nowhere_to_remember(self) -> None:
        shutil.rmtree(self.machine)
        self.machine.write_text("not a folder", encoding="ascii")
        self.fails(**_SESSION_LOST)

    def somewhere_to_remember(self) -> None:
        self.machine.unlink()
        self.works()

    def no_library(self) -> None:
        self.library.module.rename(self.library.module.with_suffix(".away"))
        self.fails(crash=1)

    def the_library(self) -> None:
        self.library.module.with_suffix(".away").rename(self.library.module)
        self.works()

    def lost(self) -> None:
        ended = self.station.cebd(
            *("token", "revoke", "trial", "--reason", "lost on the train", "--yes"),
            *("-c", str(self.station.settings_path)),
        )
        assert ended.returncode == 0, ended.stderr
        self.order()

    def the_next_card(self) -> None:
        """As after each loss: another card, which a person accepts."""
        self.another_card(self.a_stranger)
        self.station.condition("signer:trial", "CEBD-1522")
        ended = self.station.cebd("token", "accept", "trial", "--yes", "-c", str(self.station.settings_path))
        assert ended.returncode == 0, ended.stderr


def _fault(
    name: str,
    make: Callable[[TokenPlace], object],
    take_back: Callable[[TokenPlace], object],
    party: str,
    zh: str,
    en: str,
) -> Fault[TokenPlace]:
    return Fault(name, TokenPlace, make, take_back, party, zh, en)


works = TokenPlace.works
FAULTS = (
    _fault("the token is pulled out", lambda p: p.fails(gone=0x32), works, "token", "没有介质 EPORT", "no token EPORT"),
    _fault(
        "another program has the token",
        lambda p: p.fails(open=0xB1, **_SESSION_LOST),
        works,
        "token",
        "SessionCount",
        "SessionCount",
    ),
    _fault(
        "a signature hangs",
        lambda p: p.fails(hang=600_000),
        works,
        "token",
        "驱动程序没有响应",
        "the driver does not answer",
    ),
    _fault("the library crashes", lambda p: p.fails(crash=1), works, "token", "或已崩溃", "or has crashed"),
    _fault(
        "the library's file is gone",
        TokenPlace.no_library,
        TokenPlace.the_library,
        "administrator",
        "faulty.so 不存在",
        "faulty.so does not exist",
    ),
    _fault(
        "another card with the same label",
        lambda p: p.another_card(p.a_stranger),
        TokenPlace.own_card,
        "administrator",
        "电子口岸卡与登记的不同",
        "The token differs from the token on record",
    ),
    _fault(
        "an empty card with the same label",
        lambda p: p.another_card(p.only_a_key),
        TokenPlace.own_card,
        "administrator",
        "电子口岸卡与登记的不同",
        "The token differs from the token on record",
    ),
    _fault(
        "the PIN is wrong",
        TokenPlace.wrong_pin,
        TokenPlace.right_pin,
        "administrator",
        "PIN 被拒绝",
        "The PIN was refused",
    ),
    Fault(
        "the PIN's file is gone",
        TokenPlace,
        TokenPlace.no_pin,
        TokenPlace.right_pin,
        "administrator",
        "signer.trial.pin：读不到",
        "signer.trial.pin: secret file",
        or_else=(("administrator", "没有可用的 PIN：secret file", "There is no usable PIN: secret file"),),
    ),
    _fault(
        "the PIN's file has two lines",
        TokenPlace.odd_pin,
        TokenPlace.right_pin,
        "administrator",
        "没有可用的 PIN",
        "There is no usable PIN",
    ),
    _fault(
        "what came of a PIN cannot be written down",
        TokenPlace.nowhere_to_remember,
        TokenPlace.somewhere_to_remember,
        "administrator",
        "无法记录 PIN 的使用情况",
        "What comes of a PIN cannot be written down",
    ),
    _fault(
        "the token says that it is locked",
        lambda p: p.fails(flags=_LOCKED, **_SESSION_LOST),
        works,
        "administrator",
        "介质已锁定",
        "the token is locked",
    ),
    _fault(
        "the token has one try left",
        lambda p: p.fails(flags=_LAST_TRY, **_SESSION_LOST),
        works,
        "administrator",
        "再错一次介质就会锁定",
        "one try is left before the token locks",
    ),
    _fault("the card is lost", TokenPlace.lost, TokenPlace.the_next_card, "administrator", "已于", "was revoked on"),
)
