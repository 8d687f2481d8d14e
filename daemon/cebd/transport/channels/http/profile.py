"""A profile: what one platform's HTTP interface looks like, as data. A TOML file of this package, or one of the administrator's own.

| table | says |
| --- | --- |
| `[send]` | how a message is wrapped (`raw`, `json-base64`, `form`, `soap-cdata`), with which names and constants |
| `[[send.accepted]]`, `[[send.refused]]`, `[[send.already]]` | which answers mean that; the first that fits counts, in this order |
| `[query]` | how to ask for a message of unknown outcome, where the platform can be asked |
| `[poll]`, `[listing]`, `[push]` | one of them: how receipts come, as rows since a time, as files in a list, or by a call of the platform |
| `[example]` | what goes and comes, literally: `cebd config check` proves the profile by it |

Texts may name facts in braces: those of `cebd.transport.channels.http.filling`, and the `values` and `secrets` of the channel's settings.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from cebd.settings_table import Table, Text, mistake

SHIPPED = Path(__file__).parent / "profiles"
Status = Annotated[int, Field(ge=100, le=599)]


class BadProfile(Exception):
    """The profile cannot be used; the message says which file, which key and why."""


class Test(Table):
    """A test of an answer: every part that is given must fit. `reason`: where the reason stands, in the same language as the test."""

    __test__ = False  # no test of pytest's

    status: tuple[Status, ...] = ()
    text: str | None = None
    json_path: str | None = Field(None, alias="json")
    xpath: str | None = None
    within: str | None = None
    equals: str | None = None
    one_of: tuple[str, ...] = ()
    reason: str | None = None

    @model_validator(mode="after")
    def _one_language(self) -> Self:
        if sum(way is not None for way in (self.text, self.json_path, self.xpath)) > 1:
            raise mistake("name one of text, json and xpath", "text、json、xpath 只写一个")
        if self.status == () and self.text is None and self.json_path is None and self.xpath is None:
            raise mistake("a test that everything passes is none", "不能没有任何条件")
        return self


class Send(Table):
    """`inner`: an XML text that becomes the fact `inner`. `fields`: of the JSON object (may be nested) or of the form; `template`: the
    SOAP envelope. `headers` beside Content-Type."""

    wrap: Literal["raw", "json-base64", "form", "soap-cdata"]
    url: str = "{send_url}"
    method: Literal["POST", "PUT"] = "POST"
    content_type: str
    headers: dict[str, str] = Field(default_factory=dict)
    inner: str | None = None
    fields: dict[str, object] = Field(default_factory=dict)
    template: str = "{cdata}"
    accepted: tuple[Test, ...] = Field(min_length=1)
    refused: tuple[Test, ...] = ()
    already: tuple[Test, ...] = ()


class Query(Table):
    """A request that tells whether the platform has a message. Its `no` is never final: the message may still be under way."""

    url: str
    arrived: tuple[Test, ...] = Field(min_length=1)


class Rows(Table):
    """One kind of receipt among rows: `time` is the column of its time; `fields`: element by element, the template of its text."""

    url: str
    query: dict[str, str] = Field(default_factory=dict)
    form: Literal["text", "json"] = "text"
    rows: str = ""
    columns: tuple[str, ...] = ()
    time: Text
    time_form: Text = "%Y%m%d%H%M%S"
    root: Text
    record: Text
    fields: dict[str, str] = Field(min_length=1)


class Poll(Table):
    """Receipts as rows since a time. The time goes on with the rows that are stored, less `overlap_seconds`."""

    interval_seconds: float = Field(15.0, ge=0)
    overlap_seconds: float = Field(60.0, ge=0)
    begin_days: float = Field(3.0, gt=0)
    since_form: Text = "%Y%m%d%H%M%S"
    kinds: tuple[Rows, ...] = Field(min_length=1)


class Listing(Table):
    """Receipts as files: a JSON list names them; each is fetched, and removed once it is stored. A name that ends in `/` is a folder."""

    url: str
    items: str = ""
    name: Text = "name"
    size: str = "size"
    changed: str = "changed"
    item_url: str
    interval_seconds: float = Field(0.0, ge=0)


class Push(Table):
    """Receipts that the platform brings. `field`: of the form that holds the receipt; without it the body does. `xpath`: where in that XML
    it stands; `encoding`: of what was found. `answer`: what the platform is told once the receipt is stored, with `answer_type`."""

    path: Text = "/receipts"
    field: str | None = None
    xpath: str | None = None
    encoding: Literal["text", "base64"] = "text"
    answer: str
    answer_type: str = "text/plain; charset=utf-8"
    refusal: str = ""
    answer_seconds: float = Field(30.0, gt=0)


class Answered(Table):
    """An answer, and what it means."""

    status: Status
    content_type: str = "text/plain; charset=utf-8"
    body: str
    means: Literal["accepted", "refused", "already", "unknown"]
    reason: str = ""


class Example(Table):
    """What goes and comes, literally. `url` and `body` are what is sent for `content`; `came` what comes, `receipts` what becomes of it."""

    content: Text
    message_id: Text
    file_name: Text
    values: dict[str, str] = Field(default_factory=dict)
    url: Text
    body: Text
    answers: tuple[Answered, ...] = Field(min_length=1)
    came: str | None = None
    came_kind: int = 0
    receipts: tuple[str, ...] = ()


class Profile(Table):
    """All of it. `verified`: by whom and when it was tried with the platform itself; empty: never. `needs`: names that the settings must
    have among their `values` and `secrets`."""

    title: Text
    verified: str = ""
    needs: tuple[str, ...] = ()
    send: Send
    query: Query | None = None
    poll: Poll | None = None
    listing: Listing | None = None
    push: Push | None = None
    example: Example

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum(way is not None for way in (self.poll, self.listing, self.push)) > 1:
            raise mistake("receipts come one way: name one of poll, listing and push", "poll、listing、push 只写一个")
        return self


def shipped_profiles() -> list[str]:
    """The names of the profiles that come with cebd."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def profile_path(name: str, base: Path) -> Path:
    """Where the profile of that name or path is. `base`: the folder where relative paths start."""
    return base / name if name.endswith(".toml") else SHIPPED / f"{name}.toml"


def load_profile(name: str, base: Path) -> Profile:
    """Raises BadProfile."""
    path = profile_path(name, base)
    try:
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadProfile(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadProfile(f"{path}: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadProfile(f"{path}: {where}: {first['msg']}") from None
