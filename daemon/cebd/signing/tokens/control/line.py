"""The line to the customs' control: a WebSocket, one connection that is kept, one question at a time.

A question is `{"_method": M, "_id": n, "args": {...}}`, its answer
`{"_id": n, "_method": M, "_status": "00", "_args": {"Result": true, "Data": [...], "Error": []}}`. Where the control cannot do it, Result
is false and Error says why (China E-Port's own script for pages, 1.3.1). What it says unasked, as its greeting `open`, is passed over.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from cebd.signing.signer import TokenError

if TYPE_CHECKING:
    from websockets.sync.client import ClientConnection

_LONGEST_ANSWER = 4 << 20  # bytes
_CLOSING_SECONDS = 0.5
_unheard = logging.Logger(
    "control"
)  # belongs to nobody: at its lowest level the library logs what is sent, the PIN too
_unheard.disabled = True

_SILENT = ("the control does not answer", "控件没有响应")


class ControlSays(Exception):
    """The control cannot do what it was asked; the text is its own, with the number of the error."""


class NoAnswer(Exception):
    """Nothing came of a question, which the control may have heard."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.zh = zh


class ControlLine:
    """The connection to one control. After any trouble it is closed: a late answer is nobody's answer."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: ClientConnection | None = None
        self._numbers = count(1)

    def ask(self, method: str, until: float, **arguments: str) -> list[str]:
        """The data of the answer. `until`: by `time.monotonic`. Raises ControlSays, NoAnswer, TokenError."""
        connection = self._connected(until)
        number = next(self._numbers)
        try:
            connection.send(json.dumps({"_method": method, "_id": number, "args": arguments}, ensure_ascii=False))
            while True:
                answer = _read(connection.recv(timeout=max(0.0, until - time.monotonic()), decode=True))
                if answer.get("_id") == number and answer.get("_method") == method:
                    return _data(answer)
        except ControlSays:
            raise
        except TimeoutError:
            self.close()
            raise NoAnswer(*_SILENT) from None
        except Exception as error:  # of the library: the connection is lost, or what came is no answer
            self.close()
            name = type(error).__name__
            raise NoAnswer(f"the control has broken off ({name})", f"与控件的连接中断（{name}）") from None

    def close(self) -> None:
        """Raises nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.close()

    def _connected(self, until: float) -> ClientConnection:
        if self._connection is not None:
            return self._connection
        try:
            from websockets.sync.client import connect
        except ImportError:
            raise TokenError(*MISSING) from None
        try:
            self._connection = connect(
                self._address,
                open_timeout=max(0.1, until - time.monotonic()),
                close_timeout=_CLOSING_SECONDS,
                compression=None,
                max_size=_LONGEST_ANSWER,
                proxy=None,
                ping_interval=None,
                logger=_unheard,
                legacy=True,
            )
        except TimeoutError:
            raise NoAnswer(*_SILENT) from None
        except ConnectionRefusedError:
            raise NoAnswer("the control does not run there", "控件没有运行") from None
        except Exception as error:  # of the system or the library: no such host, no WebSocket, another certificate
            name = type(error).__name__
            raise NoAnswer(f"the control cannot be reached ({name})", f"无法连接控件（{name}）") from None
        return self._connection


MISSING = (
    "the library websockets is missing (pip install 'cebd[control]')",
    "缺少程序库 websockets（pip install 'cebd[control]'）",
)


def _read(content: str | bytes) -> dict[str, object]:
    """Raises ValueError for anything but an object in JSON."""
    answer = json.loads(content)
    if not isinstance(answer, dict):
        raise ValueError("no object")
    return answer


def _data(answer: dict[str, object]) -> list[str]:
    """Raises ControlSays, and ValueError for what is no answer."""
    told = answer.get("_args")
    if not isinstance(told, dict) or not isinstance(told.get("Result"), bool):
        raise ValueError("no answer")
    if not told["Result"]:
        errors = told.get("Error") or []
        raise ControlSays(" ".join(map(str, errors)) if isinstance(errors, list) else str(errors))
    data = told.get("Data")
    if not isinstance(data, list) or not data:
        raise ValueError("no data")
    return [str(one) for one in data]
