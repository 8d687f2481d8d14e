"""All that a library shows, whichever token the settings name: each place with what is in it, and what that shows to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Any

from cebd.child.frames import Frame
from cebd.signing.signer import Certificate
from cebd.signing.tokens.driver import Device, Driver, Slot
from cebd.signing.tokens.faults import plain_certificates


@dataclass(frozen=True)
class _Plain:
    """A `Slot` as it passes between two processes."""

    place: str
    device: tuple[Any, ...] | None
    certificates: tuple[bytes, ...]
    is_meant: bool
    is_ready: bool
    fault: str


def plain_slot(slot: Slot) -> Frame:
    """Plain values alone."""
    device = astuple(slot.device) if slot.device is not None else None
    certificates = plain_certificates(slot.certificates)
    return astuple(_Plain(slot.place, device, certificates, slot.is_meant, slot.is_ready, slot.fault))


def slot_of(plain: Frame) -> Slot:
    """The same slot."""
    told = _Plain(*plain)
    device = Device(*told.device) if told.device is not None else None
    certificates = tuple(Certificate.from_der(der) for der in told.certificates)
    return Slot(told.place, device, certificates, told.is_meant, told.is_ready, told.fault)


def only_slot(driver: Driver, place: str) -> Sequence[Slot]:
    """Of a library that has one device alone. Raises TokenError."""
    device = driver.open()
    return [Slot(place, device, tuple(driver.certificates()), is_meant=True)]
