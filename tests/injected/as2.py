"""A station whose channel is AS2 to a partner."""

from __future__ import annotations

import socket
from collections.abc import Callable

from builders.as2_partner import OURS, THEIRS, Answer, As2Partner, Party, Request
from builders.stations import TryStation
from cebd.as2.mdn import compose_mdn
from cebd.transport.channels.as2.partner import Names
from cebd.transport.channels.as2.partner import Partner as Keys
from injected.fault import Fault, Place

_CHANNEL = """\
[channel.sandbox]
type = "as2"
url = "http://127.0.0.1:{port}/as2"
as2_from = "{ours}"
as2_to = "{theirs}"
cert = "{cert}"
key = "{key}"
partner_certs = ["{partner}"]
listen = "127.0.0.1:{door}"
timeout_seconds = 5
retry_seconds = 1
in_doubt_seconds = 1
"""


class As2Place(Place):
    def begin(self) -> None:
        self.partner = partner = self.ending.enter_context(As2Partner(self.folder / "as2"))
        self.station = self.ending.enter_context(TryStation(self.folder / "s", by_folder=True, audited=False))
        text = self.station.settings_path.read_text(encoding="utf-8")
        channel = _CHANNEL.format(
            port=partner.port,
            door=partner.door_port,
            ours=OURS,
            theirs=THEIRS,
            cert=partner.ours.cert,
            key=partner.ours.key,
            partner=partner.theirs.cert,
        )
        self.station.settings_path.write_text(text[: text.index("[channel.sandbox]")] + channel, encoding="utf-8")
        other = Party.made(self.folder / "as2", "nobody")
        keys = Keys.load(Names("a", "b"), partner.theirs.cert, partner.theirs.key, lambda: None, [other.cert])
        self.own = keys.own
        self.start()

    def answers(self, distort: Callable[[Request, Answer], Answer]) -> None:
        self.partner.distort = distort
        self.order()

    def says(self, error: str = "", mic: str = "") -> None:
        """The partner's MDN has that error, or another digest."""

        def mdn(request: Request, _answer: Answer) -> Answer:
            kind, body = compose_mdn(request.headers["message-id"], THEIRS, self.own, error=error, mic=mic)
            return 200, {"Content-Type": kind}, body

        self.answers(mdn)

    def is_itself(self) -> None:
        self.partner.distort = lambda _request, answer: answer

    def without_key(self) -> None:
        self.partner.ours.key.rename(self.partner.ours.key.with_suffix(".away"))
        self.reload()

    def with_key(self) -> None:
        self.partner.ours.key.with_suffix(".away").rename(self.partner.ours.key)
        self.reload()

    def another_at_the_door(self) -> None:
        def take() -> None:
            self.stranger = socket.create_server(("127.0.0.1", self.partner.door_port))

        self.restart(take)

    def nobody_at_the_door(self) -> None:
        self.stranger.close()


def _fault(
    name: str, make: Callable[[As2Place], object], take_back: Callable[[As2Place], object], party: str, zh: str, en: str
) -> Fault[As2Place]:
    return Fault(name, As2Place, make, take_back, party, zh, en)


FAULTS = (
    _fault(
        "the partner does not take a message",
        lambda p: p.says("decryption-failed"),
        As2Place.is_itself,
        "e-port",
        "拒收报文",
        "did not take a message",
    ),
    _fault(
        "the partner answers without an MDN",
        lambda p: p.answers(lambda _request, _answer: (200, {}, b"")),
        As2Place.is_itself,
        "e-port",
        "没有收到可信的 AS2 回执",
        "No AS2 receipt (MDN) that can be believed",
    ),
    _fault(
        "the partner has other bytes",
        lambda p: p.says(mic="AAAA, sha-256"),
        As2Place.is_itself,
        "e-port",
        "内容与发出的不一致",
        "other bytes than were sent",
    ),
    _fault(
        "the partner's server refuses the size",
        lambda p: p.answers(lambda _request, _answer: (413, {}, b"")),
        As2Place.is_itself,
        "administrator",
        "没有接收报文",
        "did not take a message",
    ),
    _fault("our AS2 key is gone", As2Place.without_key, As2Place.with_key, "administrator", "ours", "ours"),
    _fault(
        "another program has the door",
        As2Place.another_at_the_door,
        As2Place.nobody_at_the_door,
        "administrator",
        "已被别的程序占用",
        "another program has this port",
    ),
)
