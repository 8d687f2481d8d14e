"""The ways out of a station: its signers and channels, each opened when it is needed, each with its watcher.

Whatever is wrong with one (token away, certificate expired, another host key, line down) is a condition that `status` names, and keeps
nothing from going another way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial

import structlog
from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from cebd import pipeline
from cebd.clock import Clock
from cebd.problems.problem import Problem, problem
from cebd.records.ids import MessageId
from cebd.settings import Settings
from cebd.signing.known_token import KnownToken
from cebd.signing.sign_message import sign_stored
from cebd.signing.signer import Signer, TokenError, require_valid
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.station.failures import Failures
from cebd.station.watcher import Tried, Unusable, Watcher
from cebd.store.conditions import Conditions, Party
from cebd.store.messages import NoSuchMessage, set_waiting
from cebd.store.store import Store
from cebd.store.tables import messages
from cebd.transport.channel import ChannelError, Failed, InDoubt, Outbound, Sent, party_of
from cebd.transport.submit import submit

log = structlog.get_logger("cebd")

UNREACHABLE = "CEBD-1601"
UNSENT = ("ready", "signed", "in_doubt")  # messages that go on by themselves; what a person is asked about does not
# What concerns every message, not this one.
_OF_THE_CHANNEL = (UNREACHABLE, "CEBD-1602", "CEBD-1603", "CEBD-1611", "CEBD-1913")
_SIGNER_TRIES = (1.0, 10.0)  # seconds: the first pause, the longest; whoever plugs a token in waits for it
_LONGEST_CHANNEL_PAUSE = 300.0


class SignerWay:
    """One signer."""

    def __init__(
        self, settings: Settings, name: str, store: Store, clock: Clock, conditions: Conditions, failures: Failures
    ) -> None:
        self._settings = settings
        self._name = name
        self._store = store
        self._clock = clock
        self._conditions = conditions
        self._failures = failures
        self._what = f"signing with {name}"
        self._signer: Signer | None = None

    def check(self) -> None:
        """Raises TokenError, for a certificate that is not valid too."""
        require_valid(self._opened().certificate(), self._clock.now())

    def try_out(self) -> Unusable | None:
        try:
            self.check()
        except TokenError as error:
            return self._unusable(error)
        except Exception as error:
            self._failures.note(self._what, error)
            return Unusable(_problem_of("CEBD-1912", self._name, type(error).__name__), Party.CEBD)
        self._failures.over(self._what)
        return None

    def act(self, message_id: int) -> Tried | Unusable:
        refused: list[TokenError] = []
        try:
            try:
                signer: Signer | TokenError = self._opened()
            except TokenError as error:
                signer = error
            if sign_stored(self._store, signer, message_id, self._clock, refused.append):
                self._failures.over(self._what)
                return Tried.DONE
        except NoSuchMessage:
            return Tried.GONE
        except Exception as error:
            self._failures.note(self._what, error, message=message_id)
            _say_internal(self._store, message_id, error)
            return Tried.WAITS
        return self._unusable(refused[-1])

    def follow_up(self, message_id: int) -> None:
        pipeline.enqueue_sending(message_id)

    def say_why(self, message_ids: Iterable[int], why: Unusable) -> None:
        _say_why(self._store, message_ids, why.problem)

    def closed(self, why: Unusable) -> None:
        if self._conditions.note(f"signer:{self._name}", why.problem, why.party):
            log.warning("signer not usable", signer=self._name, id=why.problem.id, reason=why.problem.en)

    def opened(self) -> None:
        if self._conditions.end(f"signer:{self._name}"):
            log.info("signer usable again", signer=self._name)

    def close(self) -> None:
        """Let go of the token."""
        if self._signer is not None:
            self._signer.close()

    def _opened(self) -> Signer:
        if self._signer is None:
            wanted = self._settings.signer[self._name]
            gate = KnownToken(self._store, self._clock, self._name, wanted.certificate_number())
            context = SignerContext(self._settings.base, self._settings.pin_note(self._name), gate)
            self._signer = open_signer(wanted, context)
        return self._signer

    def _unusable(self, error: TokenError) -> Unusable:
        return Unusable(error.said(self._name), Party(error.party))


class ChannelWay:
    """One channel, as messages leave by it. How it stands is told by the look for receipts (`channel:NAME`), which comes by often."""

    def __init__(
        self,
        settings: Settings,
        name: str,
        channel: Outbound,
        store: Store,
        clock: Clock,
        failures: Failures,
        hear: Callable[[], None],
    ) -> None:
        self._doubt = settings.channel[name].in_doubt_seconds
        self._name = name
        self._channel = channel
        self._store = store
        self._clock = clock
        self._failures = failures
        self._what = f"sending by {name}"
        self._hear = hear

    def try_out(self) -> Unusable | None:
        return None

    def act(self, message_id: int) -> Tried | Unusable:
        try:
            outcome = submit(
                self._store, self._channel, MessageId(message_id), self._clock, self._doubt, hear=self._hear
            )
        except NoSuchMessage:
            return Tried.GONE
        except Exception as error:
            self._failures.note(self._what, error, message=message_id)
            _say_internal(self._store, message_id, error)
            return Tried.WAITS
        self._failures.over(self._what)
        match outcome:
            case Sent():
                return Tried.DONE
            case Failed() | InDoubt():
                if outcome.problem is None or outcome.problem not in _OF_THE_CHANNEL:
                    return Tried.WAITS
                why = _problem_of(outcome.problem, self._name, outcome.reason)
                return Unusable(why, Party(party_of(outcome.problem)))

    def follow_up(self, message_id: int) -> None:  # noqa: ARG002  nothing comes after sending
        return

    def say_why(self, message_ids: Iterable[int], why: Unusable) -> None:
        _say_why(self._store, message_ids, why.problem)

    def closed(self, why: Unusable) -> None:
        log.warning("messages wait for the channel", channel=self._name, id=why.problem.id, reason=why.problem.en)

    def opened(self) -> None:
        log.info("messages go on by the channel", channel=self._name)

    def close(self) -> None:
        """Hang up."""
        self._channel.close()


class WaysOut:
    """Every signer and channel of the settings, each with its watcher."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        failures: Failures,
        channels: dict[str, Outbound],
        now: Callable[[], float] = time.monotonic,
        hear: Callable[[str], None] = lambda _name: None,
    ) -> None:
        """`channels`: the sending half of each of the settings. `now`: seconds that never go back.

        `hear` reads what customs answered by the channel of that name while no station ran: before what is in doubt goes out again.
        """
        self._settings = settings
        self._store = store
        self._signers = {
            name: SignerWay(settings, name, store, clock, conditions, failures) for name in settings.signer
        }
        self._channels = {
            name: ChannelWay(settings, name, channel, store, clock, failures, partial(hear, name))
            for name, channel in channels.items()
        }
        self._served = {one.name for one in settings.enterprise}
        used = {one.signer for one in settings.enterprise}
        self.signing = {
            name: Watcher(way, *_SIGNER_TRIES, now, is_used=name in used) for name, way in self._signers.items()
        }
        self.sending = {
            name: Watcher(way, settings.channel[name].retry_seconds, _LONGEST_CHANNEL_PAUSE, now, is_used=False)
            for name, way in self._channels.items()
        }

    def sign(self, message_id: int) -> bool:
        """Sign now, or leave the message to its signer's watcher. Nothing of one message raises."""
        watcher = self._watcher(message_id, "sign")
        return watcher is not None and watcher.attempt(message_id)

    def send(self, message_id: int) -> bool:
        """Send now, or leave the message to its channel's watcher."""
        watcher = self._watcher(message_id, "send")
        return watcher is not None and watcher.attempt(message_id)

    def keep(self, message_id: int) -> bool:
        """Leave the message to the watcher of what it waits for. False: it is there already, or the settings do not have that."""
        if self.keeps(message_id):
            return False
        with self._store.read() as connection:
            state = connection.execute(select(messages.c.state).where(messages.c.id == message_id)).scalar()
        watcher = self._watcher(message_id, "sign" if state == "ready" else "send")
        if state not in UNSENT or watcher is None:
            return False
        watcher.keep(message_id)
        return True

    def keeps(self, message_id: int) -> bool:
        """Whether the message waits with one of the watchers."""
        return any(watcher.keeps(message_id) for watcher in (*self.signing.values(), *self.sending.values()))

    def is_at_rest(self) -> bool:
        """Whether every watcher has tried all that waits, once at least."""
        return all(one.is_at_rest() for one in (*self.signing.values(), *self.sending.values()))

    def check(self, refused: Mapping[str, ChannelError]) -> Exception | None:
        """Try every signer that an enterprise uses; `refused`: channels that cannot be used.

        Raises TokenError or ChannelError when no enterprise can declare anything. Else the first of what is wrong, if anything is: the
        others go on.
        """
        enterprises = self._settings.enterprise
        wrong: dict[tuple[str, str], Exception] = {}
        for name in dict.fromkeys(one.signer for one in enterprises):
            try:
                self._signers[name].check()
            except TokenError as error:
                wrong["signer", name] = error
            except Exception as error:
                log.exception("signer cannot be used", signer=name)
                wrong["signer", name] = TokenError(f"{name}: {type(error).__name__}")
        wrong |= {("channel", name): error for name, error in refused.items()}
        first = next(iter(wrong.values()), None)
        ways = [{("signer", one.signer), ("channel", one.channel)} for one in enterprises]
        if first is not None and all(way & wrong.keys() for way in ways):
            raise first
        return first

    def looks(self, stop: threading.Event) -> dict[str, Callable[[], None]]:
        """What the watchers do again and again, by a name for each."""
        watchers = {
            **{f"watch over signer {name}": one for name, one in self.signing.items()},
            **{f"watch over channel {name}": one for name, one in self.sending.items()},
        }

        def look(watcher: Watcher) -> Callable[[], None]:
            return lambda: watcher.look(stop)

        return {name: look(one) for name, one in watchers.items()}

    def close(self) -> None:
        """Let go of every token, hang up every channel; one that does not let go keeps no other."""
        closing = [one.close for one in self._channels.values()] + [one.close for one in self._signers.values()]
        for close in closing:
            with suppress(Exception):
                close()

    def _watcher(self, message_id: int, way: str) -> Watcher | None:
        """None: its enterprise, signer or channel is not in use, and the message stands by (`cebd.operations.in_flight`); or it is gone."""
        query = select(messages.c.enterprise, messages.c.signer, messages.c.channel).where(messages.c.id == message_id)
        with self._store.read() as connection:
            row = connection.execute(query).first()
        if row is None or row.enterprise not in self._served:
            return None
        return self.signing.get(row.signer) if way == "sign" else self.sending.get(row.channel)


def _problem_of(problem_id: str, name: str, reason: str) -> Problem:
    return problem(problem_id, value=name, channel=name, reason=reason)


def _say_why(store: Store, message_ids: Iterable[int], why: Problem) -> None:
    with suppress(DatabaseError), store.write() as connection:  # a full disk must not end the work as well
        for message_id in message_ids:
            set_waiting(connection, message_id, why)


def _say_internal(store: Store, message_id: int, error: Exception) -> None:
    _say_why(store, [message_id], problem("CEBD-1911", value=str(message_id), reason=type(error).__name__))


__all__ = ["UNREACHABLE", "UNSENT", "WaysOut"]
