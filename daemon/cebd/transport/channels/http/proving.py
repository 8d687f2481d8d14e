"""A profile proved by its own example: what `config check` finds wrong with it, and with settings that lack what it needs. No network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from cebd.transport.channel import ChannelError, Handover
from cebd.transport.channels.http.answers import judge
from cebd.transport.channels.http.filling import Facts
from cebd.transport.channels.http.line import Answer
from cebd.transport.channels.http.polled import request_for_rows, rows_of
from cebd.transport.channels.http.profile import BadProfile, Example, Profile, load_profile
from cebd.transport.channels.http.pushed import NoReceipt, receipt_in
from cebd.transport.channels.http.settings import HttpSettings
from cebd.transport.channels.http.wrapping import request_for
from cebd.transport.channels.kind import Lack

_SHOWN = 120  # characters, from where two texts part


def lacks(wanted: HttpSettings, base: Path) -> Iterator[Lack]:
    """A line for each thing that is wrong."""
    try:
        profile = load_profile(wanted.profile, base)
    except BadProfile as error:
        yield Lack("profile", str(error), str(error))
        return
    for wrong in disproved(profile):
        yield Lack("profile", f"its own example says otherwise: {wrong}", f"与其自带示例不符：{wrong}")
    for name in profile.needs:
        if name not in wanted.values and name not in wanted.secret_values:
            yield Lack("values", f"the profile needs {name}", f"profile 需要 {name}")
    if (profile.poll or profile.listing) and wanted.receipts_url is None:
        yield Lack("receipts_url", "the profile asks for receipts there", "profile 要到该地址查询回执，必须写明")
    if profile.push is not None:
        for key, given in (("listen", wanted.listen), ("push_secret", wanted.push_secret)):
            if given is None:
                yield Lack(key, "is needed: the platform brings receipts here", "必须写明：平台会把回执推送到本机")


def disproved(profile: Profile) -> Iterable[str]:
    """Where the profile gives something else than its example says; nothing where it is right."""
    example = profile.example
    values = {"send_url": "https://eport.example.org", "receipts_url": "https://eport.example.org", **example.values}
    try:
        yield from _sending(profile, example, values)
        yield from _receiving(profile, example, values)
    except ChannelError as error:
        yield error.reason


def _sending(profile: Profile, example: Example, values: dict[str, str]) -> Iterator[str]:
    handover = Handover(example.file_name, example.content.encode(), 1, example.message_id)
    request = request_for(profile, handover, values)
    if request.url != example.url:
        yield f"url: {request.url}"
    yield from _parting("body", request.body.decode("utf-8"), example.body)
    for number, answered in enumerate(example.answers, 1):
        body = answered.body.encode("utf-8")
        judged = judge(Answer(answered.status, {"content-type": answered.content_type}, body), profile.send)
        if judged.meaning != answered.means:
            yield f"answers {number}: {judged.meaning}"
        elif answered.reason and judged.reason != answered.reason:
            yield f"answers {number}: reason {judged.reason}"


def _receiving(profile: Profile, example: Example, values: dict[str, str]) -> Iterator[str]:
    if example.came is None:
        return
    came: list[str] = []
    if profile.push is not None:
        try:
            came = [receipt_in(example.came.encode(), profile.push).decode("utf-8")]
        except NoReceipt as why:
            yield f"came: {why}"
            return
    elif profile.poll is not None:
        kind = profile.poll.kinds[example.came_kind]
        facts: Facts = {**values, "since": "20260101000000"}
        request_for_rows(kind, facts)
        answer = Answer(200, {"content-type": "text/plain; charset=utf-8"}, example.came.encode())
        came = [row.content.decode("utf-8") for row in rows_of(answer, kind, facts)]
    if len(came) != len(example.receipts):
        yield f"receipts: {len(came)}"
    for number, (given, wanted) in enumerate(zip(came, example.receipts, strict=False), 1):
        yield from _parting(f"receipts {number}", given, wanted)


def _parting(what: str, given: str, wanted: str) -> Iterator[str]:
    given, wanted = given.strip(), wanted.strip()
    if given != wanted:
        same = next(
            (at for at, (a, b) in enumerate(zip(given, wanted, strict=False)) if a != b), min(len(given), len(wanted))
        )
        yield f"{what}, from its character {same + 1} on: {given[same : same + _SHOWN]}"
