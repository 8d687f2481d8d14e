"""A file turned into messages, unsigned, for people who want to look at them. Nothing is declared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cebd.disk.files import write_file
from cebd.operations.check import Verdict, trial
from cebd.settings import Enterprise, Settings
from cebd.store.messages import load_message, messages_of_drop


@dataclass(frozen=True)
class Conversion:
    """The verdict on a file, and the paths of its messages."""

    verdict: Verdict
    messages: tuple[Path, ...]

    def as_json(self) -> dict[str, object]:
        """For `convert --json`."""
        values = self.verdict.as_json()
        problems = values.pop("problems")
        return {**values, "messages": [str(path) for path in self.messages], "problems": problems}


def convert(file: Path, settings: Settings, enterprise: Enterprise, hint: str | None, out: Path) -> Conversion:
    """Write each message of the file into a file in the folder `out`. Raises as `check` does, and OSError."""
    with trial(file, settings, enterprise, hint, settings.store_dir) as tried:
        out.mkdir(parents=True, exist_ok=True)
        written = []
        with tried.store.read() as transaction:
            for message_id in messages_of_drop(transaction, tried.drop_id):
                message = load_message(transaction, message_id)
                path = out / f"{message.type}Message_{message.cop_msg_id}.xml"
                write_file(path, message.body)
                written.append(path)
        return Conversion(tried.verdict, tuple(written))
