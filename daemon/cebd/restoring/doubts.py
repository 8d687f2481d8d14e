"""What the restored store thinks is still to be sent may have been sent since it was copied: each such message gets an attempt in doubt.

From then on it goes the usual way of a doubt (`transport/submit.py`): the other side and the receipts are asked first; after the time for
that the same bytes go out under the same guid and CopMsgId, and "already there" is an answer like any other.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from cebd.file_names import path_as_text, path_from_text
from cebd.intake.claim import sha256_of
from cebd.settings import Settings
from cebd.store.store import Store
from cebd.store.tables import drops, messages, submissions

WHERE_IT_MAY_BE = ("done", "hold", "error")


def doubt_messages(connection: Connection) -> int:
    """Every message that was not sent yet may have been; returns how many."""
    query = select(messages.c.id, messages.c.type, messages.c.cop_msg_id, messages.c.created).where(
        messages.c.state.in_(("ready", "signed", "in_doubt"))
    )
    waiting = list(connection.execute(query))
    for row in waiting:
        # As if it had been handed over as early as can be: answers that came since are answers to it.
        attempt = {"name": f"{row.type}Message_{row.cop_msg_id}.xml", "phase": "handing-over", "intent": row.created}
        detail = "the store was restored: it may have been sent since"
        connection.execute(insert(submissions).values(message_id=row.id, outcome=None, detail=detail, **attempt))
    return len(waiting)


def place_open_drops(store: Store, settings: Settings) -> list[int]:
    """Files that were on their way when the store was copied have gone on since: find where they are.

    Returns the drops that were not converted then and are put away by now: what was declared of them is not known.
    """
    unknown = []
    with store.read() as connection:
        query = select(drops).where(drops.c.state.in_(("claiming", "claimed", "filing")))
        waiting = list(connection.execute(query).mappings())
    for drop in waiting:
        try:
            folder = settings.folder(settings.enterprise_named(drop["enterprise"]))
        except KeyError:
            continue
        wanted = [path_from_text(drop["source"])] if drop["state"] == "claiming" else []
        wanted += [Path(one) for one in (drop["working"], drop["place"]) if one]
        if any((folder / one).is_file() for one in wanted):
            continue  # still there: nothing was signed of it, a file is put away before that
        found = _find(folder, drop["sha256"], drop["name"])
        with store.write() as connection:
            row = update(drops).where(drops.c.id == drop["id"])
            if found is None:
                if drop["records"] is None:
                    connection.execute(row.values(state="withdrawn"))
                continue
            outcome = found.relative_to(folder).parts[0]
            place = path_as_text(found.relative_to(folder))
            connection.execute(row.values(state="filed", outcome=outcome, place=place))
            if drop["records"] is None and drop["repeat_of"] is None and outcome == "done":
                unknown.append(int(drop["id"]))
    return unknown


def _find(folder: Path, digest: str, name: str) -> Path | None:
    stem = Path(name).stem[:20]
    for where in WHERE_IT_MAY_BE:
        paths = [path for path in (folder / where).rglob("*") if path.is_file() and not path.is_symlink()]
        for path in sorted(paths, key=lambda one: not one.name.startswith(stem)):
            with suppress(OSError):
                if sha256_of(path) == digest:
                    return path
    return None
