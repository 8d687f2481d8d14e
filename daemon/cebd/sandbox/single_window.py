"""The Single Window's client, played beside the simulated customs side: it takes from its OutBox, signs by itself, and puts into its InBox.

| folder (below `client/`) | what the client does there |
| --- | --- |
| `OutBox` | takes every `*.xml`, whatever it is |
| `TempBox` | its work |
| `SentBox` | keeps what it has handed over |
| `FailBox` | keeps what its own check refuses, with a note `Failed_NAME` in the InBox |
| `InBox` | receipts as `receipt_NAME`, a note `Successed_NAME` for each message handed over |

While a file `asleep` stands in `client/` it takes nothing. Killed, it finds what it had taken in its TempBox.
"""

from __future__ import annotations

import base64
import threading
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree

from cebd.clock import CST
from cebd.messages.description import CEB, DXP
from cebd.messages.schema import NotXml, flaws, parse_xml
from cebd.sandbox.answering.answers import new_guid
from cebd.sandbox.desk import Say
from cebd.sandbox.scenario import Scenario
from cebd.sandbox.side import CustomsSide

CLIENT = "client"
BOXES = ("OutBox", "TempBox", "SentBox", "FailBox", "InBox")
_LOOK_SECONDS = 0.1
_RECEIVER = "DXPEDCCEB0000002"


class SingleWindowSide(CustomsSide):
    """A customs side whose way in is the official client's folders; see `CustomsSide`."""

    def __init__(
        self, folder: Path, *, port: int = 0, scenario: Scenario | None = None, say: Say = lambda _text: None
    ) -> None:
        by_client = (scenario or Scenario()).model_copy(update={"client_signs": True})
        super().__init__(folder, port=port, scenario=by_client, say=say)
        self._say = say
        self._boxes = {name: folder / CLIENT / name for name in BOXES}
        for box in self._boxes.values():
            box.mkdir(parents=True, exist_ok=True)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="single-window-client", daemon=True)

    def _serve(self) -> None:
        self._thread.start()

    def _hang_up(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping.wait(_LOOK_SECONDS):
            try:
                if not (self.home.folder / CLIENT / "asleep").exists():
                    self._send()
                self._receive()
            except OSError as error:
                self._say(f"the client cannot work in its folders: {error}")

    def _send(self) -> None:
        for path in sorted(self._boxes["OutBox"].glob("*.xml")):
            path.replace(self._boxes["TempBox"] / path.name)
        for taken in sorted(self._boxes["TempBox"].glob("*.xml")):
            content = taken.read_bytes()
            refused = _why_refused(content)
            if refused is not None:
                self._note("Failed", taken.name, refused)
                taken.replace(self._boxes["FailBox"] / taken.name)
                continue
            _put(self.home.folder / "in" / taken.name, _in_envelope(content))
            self._note("Successed", taken.name, None)
            taken.replace(self._boxes["SentBox"] / taken.name)

    def _receive(self) -> None:
        for path in sorted((self.home.folder / "out").iterdir()):
            if path.is_file() and not path.name.startswith("."):
                path.replace(self._boxes["InBox"] / f"receipt_{path.name}")

    def _note(self, word: str, name: str, refused: str | None) -> None:
        said, flag = ("申报服务调用成功", "0") if refused is None else (refused, "-1")
        note = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<CommonResponeMessage>\n'
            f"  <CheckInfo>{escape(said)}</CheckInfo>\n  <DealFlag>{flag}</DealFlag>\n</CommonResponeMessage>\n"
        )
        _put(self._boxes["InBox"] / f"{word}_{name}", note.encode())


def _why_refused(content: bytes) -> str | None:
    try:
        found = flaws(parse_xml(content, huge=True), unsigned=True)
    except (NotXml, KeyError) as error:
        return f"报文格式错误：{error}"
    return f"报文不符合 schema：{found[0].reason}" if found else None


def _in_envelope(content: bytes) -> bytes:
    """The envelope is the client's own: its CopMsgId is none that the sender knows."""
    root = parse_xml(content, huge=True)
    sender = next((element.text or "" for element in root.iter(f"{{{CEB}}}dxpId")), "")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<DxpMsg xmlns="{DXP}" ver="1.0"><TransInfo><CopMsgId>{new_guid()}</CopMsgId>'
        f"<SenderId>{escape(sender)}</SenderId><ReceiverIds><ReceiverId>{_RECEIVER}</ReceiverId></ReceiverIds>"
        f"<CreatTime>{datetime.now(CST):%Y-%m-%dT%H:%M:%S}</CreatTime><MsgType>{etree.QName(root).localname}</MsgType>"
        f"</TransInfo><Data>{base64.b64encode(content).decode()}</Data></DxpMsg>"
    ).encode()


def _put(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
