"""The cards that are there now: what the library of each signer shows, also what no setting names. No PIN is shown to any of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from cebd.operations.text import Text
from cebd.operations.tokens.look import Look
from cebd.settings import Settings
from cebd.signing.signer import TokenError
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.tokens.client import TokenSigner
from cebd.signing.tokens.driver import Slot
from cebd.signing.tokens.usage import Logins

_AT_ONCE = 8  # libraries, each in a process of its own


@dataclass(frozen=True)
class Present:
    """A place with what is in it. `signers`: those whose settings name it; without any, nobody signs with it."""

    slot: Slot
    look: Look
    signers: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """For `token list --json`."""
        told = {"slot": self.slot.place, "signers": self.signers, "ready": self.slot.is_ready, **self.look.as_json()}
        return {name: value for name, value in {**told, "fault": self.slot.fault}.items() if name != "signer"}

    def lines(self) -> list[Text]:
        """For people: the place and who signs with it, and what is in it."""
        place, slot = self.slot.place, self.slot
        names = ", ".join(self.signers)
        first = Text(f"{place}：设置中没有签名使用它", f"{place}: no signer of the settings uses it")
        if names:
            first = Text(f"{place}：用于签名 {names}", f"{place}: signs as {names}")
        elif slot.device is None and not slot.fault:
            return [Text(f"{place}：空", f"{place}: empty")]
        lines = [first, *self.look.lines()] if slot.is_ready else [first, _not_ready(self.look)]
        return [*lines, Text(f"读不全：{slot.fault}", f"not all could be read: {slot.fault}")] if slot.fault else lines


@dataclass(frozen=True)
class Unseen:
    """A signer whose token is not there, or whose library does not work."""

    signer: str
    reason: Text

    def as_json(self) -> dict[str, object]:
        """For `token list --json`."""
        return {"signer": self.signer, "reason": self.reason.en, "reason_zh": self.reason.zh}

    def line(self) -> Text:
        """For people."""
        return Text(f"{self.signer}：{self.reason.zh}", f"{self.signer}: {self.reason.en}")


def present_tokens(settings: Settings) -> tuple[list[Present], list[Unseen]]:
    """Asked of all libraries at once, each in a process of its own."""
    now = datetime.now(UTC)
    found: dict[tuple[object, ...], Present] = {}
    unseen = []
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for name, slots in zip(settings.signer, pool.map(partial(_slots_of, settings), settings.signer), strict=True):
            if isinstance(slots, TokenError):
                unseen.append(Unseen(name, Text(slots.zh, str(slots))))
                continue
            for slot in slots:
                key = (slot.place, slot.device.serial if slot.device is not None else None)
                look = Look(name, slot.device, list(slot.certificates), now)
                present = found.setdefault(key, Present(slot, look))
                if slot.is_meant:
                    present.signers.append(name)
            if not any(slot.is_meant for slot in slots):
                unseen.append(Unseen(name, Text("设置中的介质不在", "the token of the settings is not there")))
    return sorted(found.values(), key=lambda present: not present.signers), unseen


def _slots_of(settings: Settings, name: str) -> Sequence[Slot] | TokenError:
    try:
        with closing(open_signer(settings.signer[name], SignerContext(settings.base, by=Logins.NOBODY))) as signer:
            if isinstance(signer, TokenSigner):
                return signer.slots()
            return [Slot(settings.signer[name].type, None, (signer.certificate(),), is_meant=True)]
    except TokenError as error:
        return error


def _not_ready(look: Look) -> Text:
    device = look.device
    name = f"{device.model} {device.serial} {device.label}".strip() if device is not None else "-"
    return Text(f"介质：{name}，尚未初始化", f"token: {name}, not initialised")
