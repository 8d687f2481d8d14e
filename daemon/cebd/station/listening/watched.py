"""How others watch a running station: an address for Prometheus, files, a sign of life. What fails of it keeps no work."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import structlog

from cebd.apart import Apart
from cebd.clock import Clock, iso
from cebd.disk.files import write_file
from cebd.listening.door import ListenError
from cebd.listening.listener import Listener
from cebd.metrics.health import Health
from cebd.metrics.meter import Meter
from cebd.operations.backup import last_backup
from cebd.problems.problem import problem
from cebd.settings import SecretError, Settings
from cebd.station.listening.listening import Listening
from cebd.store.conditions import Conditions, Party
from cebd.store.store import Store

log = structlog.get_logger("cebd")

_TEXTFILE_SECONDS, _HEARTBEAT_SECONDS = 30.0, 60.0


class Watched:
    """Looked after every few seconds; nothing of it costs anything where the settings name nothing."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Clock,
        conditions: Conditions,
        meter: Meter,
        hung: Callable[[float], list[str]],
    ) -> None:
        """`hung`: see `Health`."""
        self._settings, self._clock, self._conditions = settings.metrics, clock, conditions
        self._base = settings.base
        self.health = Health(store, hung)
        self._apart = Apart("sign of life", patience=0.0)
        self._due = {"textfile": 0.0, "heartbeat": 0.0, "heartbeat_url": 0.0}
        self._listener: Listener | None = None
        self._listening = Listening("metrics", None, conditions)
        self._text: Callable[[], bytes] = bytes
        wanted = settings.metrics
        door = wanted.door(settings.base)
        self.is_wanted = door is not None or any((wanted.textfile, wanted.heartbeat, wanted.heartbeat_url))
        if not self.is_wanted:
            return
        from cebd.metrics.exposition import exposition
        from cebd.metrics.figures import FigureMaker

        signers = {name for enterprise in settings.enterprise for name in settings.signers_of(enterprise)}
        channels = {name for enterprise in settings.enterprise for name in enterprise.channel.names}
        maker = FigureMaker(
            store, conditions, meter, sorted(signers), sorted(channels), partial(last_backup, settings.store_dir)
        )
        self._text = lambda: exposition(maker.figures(), is_well=not self.health.look().reasons)
        if door is not None:
            from cebd.metrics.app import metrics_app

            self._listener = Listener(metrics_app(self._text, self.health.look), door)
            self._listening = Listening("metrics", self._listener, conditions)

    @property
    def port(self) -> int:
        """The port that is listened at. Raises ListenError."""
        if self._listener is None:
            raise ListenError("CEBD-2302", "nothing listens", "没有在监听")
        return self._listener.port

    def look(self) -> None:
        """Listen, write, give a sign of life: whatever is due."""
        self._listening.look()
        if self._settings.textfile is not None and self._is_due("textfile", _TEXTFILE_SECONDS):
            path = self._base / self._settings.textfile
            self._try("textfile", lambda: write_file(path, self._text()))
        if self.health.look().reasons:
            return  # no sign of life
        if self._settings.heartbeat is not None and self._is_due("heartbeat", _HEARTBEAT_SECONDS):
            self._try("heartbeat", self._renew)
        if self._settings.heartbeat_url is not None and self._is_due("heartbeat_url", _HEARTBEAT_SECONDS):
            self._apart.in_turn({"heartbeat_url": lambda: self._try("heartbeat_url", self._ask)})

    def stop(self) -> None:
        """Nothing more is told."""
        self._listening.stop()

    def _renew(self) -> None:
        from cebd.metrics.heartbeat import renew

        if self._settings.heartbeat is not None:
            renew(self._base / self._settings.heartbeat, iso(self._clock.now()))

    def _ask(self) -> None:
        from cebd.metrics.heartbeat import ask

        if self._settings.heartbeat_url is not None:
            ask(self._settings.heartbeat_url.read(self._base).strip())

    def _is_due(self, what: str, seconds: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + seconds
        return True

    def _try(self, what: str, act: Callable[[], object]) -> None:
        """What fails is said in the conditions, and nothing else."""
        from cebd.metrics.heartbeat import NoSign

        key = f"metrics:{what}"
        try:
            act()
        except (NoSign, SecretError) as error:
            reason = str(error)
        except OSError as error:
            reason = error.strerror or type(error).__name__
        except Exception as error:
            log.exception("figures cannot be told", what=what)
            reason = type(error).__name__
        else:
            self._conditions.end(key)
            return
        said = problem("CEBD-2404", value=f"metrics.{what}", reason=reason)
        if self._conditions.note(key, said, Party.ADMINISTRATOR):
            log.warning(said.en, id=said.id)
