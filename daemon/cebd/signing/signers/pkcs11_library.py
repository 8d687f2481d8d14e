"""A token maker's PKCS#11 library: loaded once in a process and used by one thread, however many tokens and signers it serves.

Such libraries are rarely safe for threads, and a token does one thing at a time anyway. Many see a token that was plugged in again only
after they were started anew (C_Finalize, C_Initialize), which ends the sessions of every token:

| event at a login | result |
| --- | --- |
| no token of that label; slots, token or session refused | the library is started anew and asked once more |
| a device that is gone at the login or a signature | it is started anew at the next login: a PIN is not shown twice in a row |
| the same, while another token has a session | so too, but not again within `RESTART_PAUSE` |
| a library that does not start (its folder, its service is away) | it is started at the next login |
| any sign that a PIN was looked at | nothing is tried again |

The signers of the other tokens find out by `starts` and open their sessions again.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from cebd.signing.labels import is_named, keep_bytes, shown
from cebd.signing.signer import TokenAway, TokenError
from cebd.signing.signers.pin_guard import PinGuard

T = TypeVar("T")

ANSWER_SECONDS = 60.0
RESTART_PAUSE = 30.0
_ALREADY_STARTED = "already initialized"  # python-pkcs11 has no exception of its own for it

_guard = PinGuard()
_libraries: dict[str, Library] = {}
_borrowing = threading.Lock()


class Library:
    """A loaded library. All methods but `run` are called on its own thread, through `run`."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.users = 0
        self.starts = 0
        self._loaded: Any = None
        self._is_started = False
        self._is_doubtful = False
        self._sessions: list[Any] = []
        self._restarted = float("-inf")
        self._tasks: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._overdue: Future[Any] | None = None
        threading.Thread(target=self._work, name=f"pkcs11 {module}", daemon=True).start()

    def run(self, act: Callable[[], T]) -> T:
        """Call the function on the library's thread. Raises its errors, and TokenError when the library does not return."""
        if self._overdue is not None and not self._overdue.done():
            raise TokenError(f"{self.module}: the library does not answer", f"{self.module}：驱动程序没有响应")
        task: Future[T] = Future()

        def work() -> None:
            if not task.set_running_or_notify_cancel():
                return
            try:
                task.set_result(act())
            except BaseException as error:
                task.set_exception(error)

        self._tasks.put(work)
        try:
            return task.result(ANSWER_SECONDS)
        except TimeoutError:
            if not task.cancel():
                self._overdue = task
            raise TokenError(
                f"{self.module}: no answer within {ANSWER_SECONDS:.0f} s",
                f"{self.module}：驱动程序 {ANSWER_SECONDS:.0f} 秒内没有响应",
            ) from None

    def open_session(self, label: str, pin: str, before_login: Callable[[Any], None]) -> Any:
        """A logged-in session on the token of that label, shown to `before_login` first. Raises TokenError, PinRefused."""
        if self._is_doubtful and self._may_restart():
            self._restart()
        try:
            token = self._token(label)
        except TokenAway:
            if not self._may_restart():
                raise
            self._restart()
            token = self._token(label)
        before_login(token)
        try:
            session = _guard.open_session(token, pin)
        except TokenAway:
            self.doubt()
            raise
        self._sessions.append(session)
        return session

    def doubt(self) -> None:
        """A token failed although it seemed to be there: the library is started anew before the next login."""
        self._is_doubtful = True

    def close_session(self, session: Any) -> None:
        """Log out; a token that is gone cannot be closed, and need not be."""
        if session in self._sessions:
            self._sessions.remove(session)
            with contextlib.suppress(Exception):
                session.close()

    def _token(self, label: str) -> Any:
        """The token of that label or serial number, on which a session can be opened. Raises TokenError, TokenAway."""
        import pkcs11

        self._start()
        try:
            tokens = self._labelled(label)
            if len(tokens) == 1:
                tokens[0].open().close()
        except pkcs11.exceptions.PKCS11Error as error:
            raise TokenAway(f"{label}: {_named(error)}") from None
        if not tokens:
            raise TokenAway(f"no token {label}", f"没有介质 {label}")
        if len(tokens) > 1:
            serials = ", ".join(sorted(shown(token.serial) for token in tokens))
            raise TokenError(
                f"{len(tokens)} tokens are named {label}; name one by its serial number: {serials}",
                f"有 {len(tokens)} 个介质同名 {label}，请改用序列号指明：{serials}",
            )
        return tokens[0]

    def _labelled(self, label: str) -> list[Any]:
        """The tokens with that label or serial number. A slot whose token was pulled out may fail; the other slots are still checked."""
        import pkcs11

        found = []
        for slot in self._loaded.get_slots(token_present=True):
            with contextlib.suppress(pkcs11.exceptions.PKCS11Error):
                token = slot.get_token()
                if is_named(token.label, label) or is_named(token.serial, label):
                    found.append(token)
        return found

    def _start(self) -> None:
        """Load the library, or start it again where it did not start the last time. Raises TokenError."""
        if self._is_started:
            return
        try:
            import pkcs11
        except ImportError:
            raise TokenError(
                "python-pkcs11 is not installed: pip install python-pkcs11",
                "没有安装 python-pkcs11：pip install python-pkcs11",
            ) from None
        try:
            if self._loaded is None:
                keep_bytes()
                self._loaded = pkcs11.lib(self.module)
            else:
                self._loaded.initialize()
        except RuntimeError as error:
            refused_to_end = self._loaded is not None and _ALREADY_STARTED in str(error)
            if not refused_to_end:
                raise TokenError(f"{self.module}: {_named(error)}") from None
        self._is_started = True

    def _may_restart(self) -> bool:
        return not self._sessions or time.monotonic() - self._restarted >= RESTART_PAUSE

    def _restart(self) -> None:
        for session in list(self._sessions):
            self.close_session(session)
        self.starts += 1
        self._restarted = time.monotonic()
        self._is_doubtful = False
        self._end()
        self._start()

    def _end(self) -> None:
        self._is_started = False
        if self._loaded is not None:
            with contextlib.suppress(Exception):  # a library in a bad way may refuse to end; beginning again decides
                self._loaded.finalize()

    def unload(self) -> None:
        """End the library, when its last signer lets go."""
        self._end()
        self._loaded = None

    def stop(self) -> None:
        """End the thread after the calls that it was given."""
        self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()


def _named(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()


def borrow(module: str) -> Library:
    """The library of that file, shared with every signer of this process that uses it. To be given back."""
    module = os.path.realpath(module)  # a library under two names would be started twice, which it refuses
    with _borrowing:
        library = _libraries.get(module)
        if library is None:
            library = _libraries[module] = Library(module)
        library.users += 1
        return library


def give_back(library: Library) -> None:
    """The last user that gives it back ends it."""
    with _borrowing:
        library.users -= 1
        if library.users:
            return
        del _libraries[library.module]
        with contextlib.suppress(TokenError):
            library.run(library.unload)
        library.stop()
