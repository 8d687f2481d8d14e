"""SFTP: a temporary name, its size checked, then a rename.

Servers differ. Some hand a file on the moment it is whole and closed, whatever its name; so the last bytes are held back until the
hand-over is on record. Some refuse to tell sizes, some append where they should overwrite, some know only the plain rename:

| the server says ... | of the temporary file | it means |
| --- | --- | --- |
| the right size | after its last bytes | it is closed and renamed in one go |
| no, or another size | after its last bytes | it is closed, and asked for once more |
| a wrong size | after closing | failed; a temporary name is never used twice, so that nothing is appended to it |
| no size, or refuses to tell | after closing | it goes on; the evidence says that the size is not confirmed |
| no to closing, and it was renamed | | in doubt |
| no to the rename, and the file is there | | failed, and the file is taken back |
| no to the rename, and the file is not there | | the other side has it already |
| nothing at all | | in doubt: looked for, and taken back if it still has its temporary name, so that it cannot arrive later |
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable

from cebd.transport.channel import (
    NOT_PERMITTED,
    NOT_REMOVED,
    ChannelError,
    Failed,
    Found,
    Handover,
    InDoubt,
    Outcome,
    Sent,
)
from cebd.transport.channels.polled import PolledInbound
from cebd.transport.channels.sftp_ahead import Ahead
from cebd.transport.channels.sftp_client import (
    asking_of_file,
    asking_of_open_file,
    closing,
    first_refusal,
    renaming,
    told_size,
    writing,
)
from cebd.transport.channels.sftp_connection import BROKEN, Connection, Login, reason
from cebd.transport.channels.sftp_line import Line
from cebd.transport.complete_receipts import ReceiptStamp, StableReceipts, is_left_alone, readable_names
from cebd.transport.sftp_files import (
    is_file,
    is_folder,
    is_removed,
    look,
    open_new,
    problem_of,
    read,
)


class SftpOutbound:
    """Puts messages into `send_dir`."""

    def __init__(self, login: Login, send_dir: str) -> None:
        self._line = Line(login)
        self._send_dir = send_dir
        self._plain_rename = False
        self._renames_at_once = True  # as far as is known
        self._left: set[str] = set()  # temporary files that nobody needs any more
        self._ahead = Ahead()

    def begin(self, following: Callable[[], Handover]) -> None:
        handover = following()
        self._ahead.plan(handover, self._temporary(handover.name, handover.attempt))

    def deliver(self, handover: Handover) -> Outcome:
        name, content, attempt = handover.name, handover.content, handover.attempt
        temporary = self._temporary(name, attempt)
        with self._line.lock:
            if attempt > 1:
                self._left.add(self._temporary(name, attempt - 1))
            try:
                connection = self._line.open()
                begun = self._ahead.take(connection, handover)
                if begun is None:
                    self._give_up_begun(connection)
                self._sweep(connection)
                handle = open_new(connection, temporary) if begun is None else begun.handle
            except ChannelError as error:
                return Failed(error.problem, error.reason, error.zh)
            except BROKEN as error:
                return self._failed(error)
            try:
                writes = () if begun is None else begun.writes
                if not writes:
                    connection.sftp.write(handle, content, len(content) - 1)
                handover.before_visible()
                refusal = first_refusal(connection.sftp.answers(writes))
                if refusal is not None:
                    raise refusal
            except BROKEN as error:
                self._left.add(temporary)
                failed = self._failed(error)
                self.close()  # and not the file: closed, it might be taken for whole
                return failed
            except BaseException:
                self._left.add(temporary)
                self.close()
                raise
            try:
                return self._hand_over(connection, handle, content, temporary, posixpath.join(self._send_dir, name))
            except BROKEN as error:
                self.close()
                return InDoubt(reason(error))
            except BaseException:
                self.close()
                raise

    def _failed(self, error: BaseException) -> Failed:
        connection = self._line.connection
        if connection is not None and connection.answered(error):
            return Failed(problem_of(error, connection, self._send_dir), f"{self._send_dir}: {reason(error)}")
        self.close()
        return Failed("CEBD-1601", reason(error))

    def _hand_over(self, connection: Connection, handle: bytes, content: bytes, temporary: str, final: str) -> Outcome:
        """Write the last bytes and rename. Raises the errors of a broken connection: from here on they mean doubt."""
        last = writing(handle, content, max(0, len(content) - 1), len(content))
        answers = connection.sftp.in_one_go([*last, asking_of_open_file(handle), *self._ahead.opening(connection)])
        told, *opened = answers[len(last) :]
        self._ahead.opened(connection, opened)
        refusal = first_refusal(answers[: len(last)])
        if refusal is not None:
            if not connection.answered(refusal):
                raise refusal
            self._left.add(temporary)
            failed = self._failed(refusal)
            self.close()
            return failed
        size = told_size(told)
        if size == len(content) and self._renames_at_once:
            asked = connection.sftp.ask([closing(handle), renaming(temporary, final)])
            self._ahead.write(connection)
            closed, renamed = connection.sftp.answers(asked)
            if not isinstance(renamed, OSError):
                return InDoubt(f"closing: {reason(closed)}") if isinstance(closed, OSError) else Sent()
            self._renames_at_once = False  # from now on step by step, and this one now
            if isinstance(closed, OSError):
                (told,) = connection.sftp.in_one_go([asking_of_file(temporary)])
                size = told_size(told)
        else:
            _, told = connection.sftp.in_one_go([closing(handle), asking_of_file(temporary)])
            size = told_size(told)
        if size not in (None, len(content)):
            self._left.add(temporary)
            return Failed("CEBD-1605", f"{self._send_dir}: {size} of {len(content)} bytes are there")
        refusal = self._rename(connection, temporary, final)
        if refusal is None:
            return Sent("the other side does not tell the size: it is not confirmed" if size is None else None)
        return self._refused(connection, temporary, final, len(content), refusal)

    def _refused(self, connection: Connection, temporary: str, final: str, size: int, refusal: OSError) -> Outcome:
        """The server refused the rename: the files there show the reason."""
        match look(connection, temporary), look(connection, final):
            case _, int(listed) if listed == size:
                self._left.add(temporary)
                return Sent("it stood there already")
            case "missing", _ if isinstance(refusal, FileNotFoundError):
                return Sent("the other side took it as soon as it was closed")
            case "missing" | "refused", _:
                return InDoubt(f"rename: {reason(refusal)}")
        self._left.add(temporary)
        self._sweep(connection)
        return Failed(problem_of(refusal, connection, self._send_dir), f"{final}: {reason(refusal)}")

    def _rename(self, connection: Connection, temporary: str, final: str) -> OSError | None:
        """Returns None on success, else the server's reason."""
        if not self._plain_rename:
            asked = connection.sftp.ask([renaming(temporary, final)])
            self._ahead.write(connection)
            (renamed,) = connection.sftp.answers(asked)
            if not isinstance(renamed, OSError):
                return None
        try:
            connection.sftp.rename(temporary, final)
        except OSError as error:
            if not connection.answered(error):
                raise
            return error
        self._plain_rename = True
        return None

    def find(self, handover: Handover) -> Found:
        def ask(connection: Connection) -> Found:
            listed = look(connection, posixpath.join(self._send_dir, handover.name))
            if listed in (len(handover.content), "there"):
                return "arrived"
            # Where the temporary file still is, there was no rename; once it is removed there cannot be one, not even by a request
            # of the broken connection that the server has yet to read.
            try:
                connection.sftp.remove(self._temporary(handover.name, handover.attempt))
            except OSError as error:
                if not connection.answered(error):
                    raise
                return "unknown"
            return "not-arrived"

        return self._line.asking(ask)

    def _temporary(self, name: str, attempt: int) -> str:
        return posixpath.join(self._send_dir, f"{name}.{attempt}.part")

    def _give_up_begun(self, connection: Connection) -> None:
        """Another message came. Its file is removed before it is closed: some servers hand on what is closed, whatever its name."""
        begun = self._ahead.give_up()
        if begun is None:
            return
        if begun.connection is connection:
            connection.sftp.answers(begun.writes)
        if begun.connection is connection and is_removed(connection, begun.temporary):
            connection.sftp.in_one_go([closing(begun.handle)])
        else:
            self._left.add(begun.temporary)

    def _sweep(self, connection: Connection) -> None:
        """Remove the files of earlier attempts; a file that cannot be removed does no harm."""
        while self._left:
            path = self._left.pop()
            try:
                connection.sftp.remove(path)
            except OSError as error:
                if not connection.answered(error):
                    self._left.add(path)
                    raise

    def close(self) -> None:
        self._line.close()


class SftpInbound(PolledInbound):
    """Fetches receipts from `receive_dir`."""

    def __init__(self, login: Login, receive_dir: str) -> None:
        super().__init__(StableReceipts(0.0))
        self._line = Line(login)
        self._receive_dir = receive_dir
        self._names: dict[str, bytes] = {}

    def waiting(self) -> list[str]:
        def ask(connection: Connection) -> list[str]:
            try:
                entries = connection.sftp.listdir_attr(self._receive_dir)
            except OSError as error:
                if connection.answered(error):
                    why = NOT_PERMITTED if isinstance(error, PermissionError) else "CEBD-1605"
                    raise ChannelError(why, f"{self._receive_dir}: {reason(error)}") from None
                raise
            listed = {entry.filename.encode("utf-8", errors="surrogateescape"): entry for entry in entries}
            names = {raw: name for raw, name in readable_names(listed).items() if not is_left_alone(name)}
            folders = [name for raw, name in names.items() if is_folder(listed[raw])]
            self._names = {name: raw for raw, name in names.items() if is_file(listed[raw])}
            present: dict[str, ReceiptStamp] = {
                name: (listed[raw].st_size, listed[raw].st_mtime) for name, raw in self._names.items()
            }
            return self._receipts.ready(present, folders)

        return self._line.asking(ask)

    def fetch(self, name: str) -> bytes:
        size, _ = self._receipts.stamp(name)
        self._receipts.check_size(name, size)

        def ask(connection: Connection) -> bytes:
            try:
                with connection.sftp.open(self._receipt(name), "rb") as remote:
                    return read(remote, size)
            except OSError as error:
                if connection.answered(error):
                    raise self._receipts.cannot_fetch(name, reason(error)) from None
                raise

        content = self._line.asking(ask)
        self._receipts.check_size(name, len(content))
        if size is not None and len(content) != size:
            raise self._receipts.cannot_fetch(name, f"{len(content)} of {size} bytes read")
        self._receipts.check_whole(name, content)
        return content

    def remove(self, name: str) -> None:
        def ask(connection: Connection) -> None:
            path, fetched = self._receipt(name), self._receipts.stamp(name)
            try:
                now = connection.sftp.stat(path)
                if None not in fetched and (now.st_size, now.st_mtime) != fetched:
                    return  # written anew since it was read: it will be fetched again
            except OSError as error:
                if not connection.answered(error):
                    raise
            try:
                connection.sftp.remove(path)
            except FileNotFoundError:
                return
            except OSError as error:
                if not connection.answered(error):
                    raise
                self.leave(name, NOT_REMOVED)

        self._line.asking(ask)

    def _receipt(self, name: str) -> bytes:
        return posixpath.join(self._receive_dir.encode(), self._names.get(name, name.encode()))

    def close(self) -> None:
        self._line.close()
