"""The example: every setting with its meaning and a value, made of the classes that read them.

A table's comment is the docstring of its class. A setting's is the `description` of its field, its value the first of the field's
`examples`, else its default. A setting whose value is a table of its own comes after the others, under its description.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from cebd.alarms.kinds import ALARMS
from cebd.documents.reading.options import ColumnMapping
from cebd.enterprise import Enterprise
from cebd.plain import columns_of
from cebd.rules.figures import Figures, figures
from cebd.settings.file import COMMON, Settings
from cebd.settings_table import Secret, Table
from cebd.signing.signers.kinds import SIGNERS
from cebd.transport.channels.kinds import CHANNELS

_WIDTH = 140
_COMMENT_AT = 40
_BEGINNING = """\
Every setting of cebd, as `cebd config example` prints them. `cebd init DIR` writes a small file to begin with; `cebd config check -c FILE` looks a file over.
A mistake in an enterprise, signer, channel, mapping or rule switches off only this part; `cebd status` names it, and everything else runs.
If an enterprise, signer or channel gets another name while work is in flight, `cebd queue reassign` hands that work over.
Relative paths start at the folder of the settings file. Secrets are never written here: a secret is
  { file = "PATH" }        a file with the secret on a single line, readable by the daemon alone
  { env = "NAME" }         an environment variable: a weaker way, for other programs of this user can read it
  { credential = "NAME" }  a systemd credential (LoadCredential= in the unit)
  { prompt = "WORDS" }     typed by a person whom these words ask, once, when cebd is started at a terminal
A PIN in a file or credential is read by the token's process alone; one in the environment or typed passes through the daemon."""  # noqa: E501  (lines of the file)


class NoExample(Exception):
    """A setting lacks its description or example; the text names the setting and what its field needs."""


def example() -> str:
    """The settings file that shows every setting. Raises NoExample."""
    mappings = Enterprise.model_fields["mapping"].examples or [["example"]]
    several = {
        "enterprise": [_table("[[enterprise]]", Enterprise)],
        "signer": [_table(f"[signer.{kind.type}-1]", kind.settings, {"type": kind.type}) for kind in SIGNERS],
        "channel": [_table(f"[channel.{kind.type}-1]", kind.settings, {"type": kind.type}) for kind in CHANNELS],
        "alarm": [_table(f"[alarm.{kind.type}-1]", kind.settings, {"type": kind.type}) for kind in ALARMS],
        "mapping": [_table(f"[mapping.{mappings[0][0]}]", ColumnMapping)],
        "rules": [_own_table("[rules]", "rules", Settings.model_fields["rules"])],
        "figures": [_table("[figures]", Figures, dict(figures()))],
    }
    lines = [*_comment(_BEGINNING)]
    for name in Settings.model_fields:
        if name in COMMON and name not in several:
            several[name] = [_table(f"[{name}]", COMMON[name])]
        for table in several.get(name, ()):
            lines += ["", *table]
    return "\n".join([*lines, ""])


def _table(heading: str, settings: type[Table], values: Mapping[str, object] | None = None) -> Iterator[str]:
    """The lines of a table. `values` go before the examples of its fields."""
    yield from _comment(inspect.cleandoc(settings.__doc__ or ""))
    yield heading
    of_their_own: list[tuple[str, FieldInfo]] = []
    for key, field in _in_order(settings):
        if values and key in values:
            value = values[key]
        elif field.examples:
            value = field.examples[0]
        else:
            value = field.get_default(call_default_factory=True)
        if isinstance(value, dict) and not _is_secret(value):
            of_their_own.append((key, field))
        elif key == "type" and not field.description:
            yield f"{key} = {_toml(value)}"
        else:
            yield from _setting(f"{settings.__name__}.{key}", key, value, field)
    for key, field in of_their_own:
        yield ""
        yield from _own_table(f"[{heading.strip('[]')}.{key}]", f"{settings.__name__}.{key}", field)


def _in_order(settings: type[Table]) -> list[tuple[str, FieldInfo]]:
    """Its fields: the kind's own, then (except the type) the fields of every kind."""
    common = [key for base in settings.__mro__[1:] if issubclass(base, Table) for key in base.model_fields]
    return sorted(settings.model_fields.items(), key=lambda pair: pair[0] in common and pair[0] != "type")


def _own_table(heading: str, name: str, field: FieldInfo) -> Iterator[str]:
    """The table that is a setting's value; where the values in it are tables themselves, a table for each of them."""
    if not field.examples or not field.description:
        raise NoExample(f"{name} needs Field(description=..., examples=[...])")
    yield from _comment(field.description)
    values: Mapping[str, object] = field.examples[0]
    for number, (key, value) in enumerate(values.items()):
        if isinstance(value, dict):
            yield from [""] * bool(number)
            yield f"[{heading.strip('[]')}.{key}]"
            yield from (f"{_key(inner)} = {_toml(text)}" for inner, text in value.items())
        else:
            yield from [heading] * (not number)
            yield f"{_key(key)} = {_toml(value)}"


def _setting(name: str, key: str, value: object, field: FieldInfo) -> Iterator[str]:
    if not field.description:
        raise NoExample(f"{name} needs Field(description=...): what it means, in one sentence")
    if value is None or value is PydanticUndefined:
        raise NoExample(f"{name} needs Field(examples=[...]): it has no default to show")
    shown = f"{key} = {_toml(value)}"
    line = f"{shown}{' ' * (_COMMENT_AT - 2 - columns_of(shown))}  # {field.description}"
    if columns_of(line) > _WIDTH:
        yield from _comment(field.description)
        yield shown
    else:
        yield line


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | PurePath):
        return json.dumps(str(value), ensure_ascii=False)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_key(key)} = {_toml(entry)}' for key, entry in value.items())} }}"
    if isinstance(value, tuple | list):
        return f"[{_list(list(map(_toml, value)))}]"
    return str(value)


def _list(texts: list[str]) -> str:
    """The entries of a list, on as few lines as they fit on."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + len(text) < _WIDTH - 20:
            lines[-1] += f", {text}"
        else:
            lines.append(text)
    return ",\n  ".join(lines)


def _key(key: str) -> str:
    return key if key.isascii() and key.isidentifier() else _toml(key)


def _is_secret(value: dict[str, object]) -> bool:
    return set(value) <= set(Secret.model_fields)


def _comment(text: str) -> Iterator[str]:
    return (f"# {line}" for line in text.splitlines())
