"""A file that changed after it was taken: the part that was read may be half of the file, so nothing more of it is sent."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from cebd.intake.claim import sha256_of
from cebd.intake.moves import is_there
from cebd.problems.problem import problem
from cebd.records.ids import DropId
from cebd.records.states import DropState
from cebd.store.across.intervening.changed_file import hold_back_unsigned
from cebd.store.drops import hold_drop, load_drop
from cebd.store.store import Store

CHANGED = "CEBD-1048"


def hold_changed(store: Store, drop_id: DropId, folder: Path) -> bool:
    """Hold the drop back when its file differs from the bytes that were read. Returns whether it is held, now or since earlier.
    Raises OSError where a share does not tell whether the file is there.

    Its messages are not signed yet at this moment of their way; whatever else is found to be on its way is left and counted.
    """
    with store.read() as transaction:
        drop = load_drop(transaction, drop_id)
    if any(earlier.id == CHANGED for earlier in drop.problems):
        return True
    working = folder / drop.working_place
    if drop.state is not DropState.CLAIMED or not is_there(working):
        return False
    with suppress(OSError):  # a file that cannot be read again, or is gone, cannot be proved unchanged
        if sha256_of(working) == drop.sha256:
            return False
    with store.write() as transaction:
        kept, declared = hold_back_unsigned(transaction, drop_id)
        hold_drop(transaction, drop_id, [*drop.problems, problem(CHANGED, declared=declared, kept=kept)])
    return True


__all__ = ["CHANGED", "hold_changed"]
