"""Whatever a program sends is answered with its reason, never with a fault of ours, and nothing of it stays that was refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from builders.consoles import TryConsole
from cebd.documents.workbooks.entered import entered
from cebd.operations.console import accounts

TEXTS = st.text(max_size=8) | st.sampled_from(["order", "CEB621", "head", "lines", "orderNo", "\x00", "\ud800"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
NEARLY = st.fixed_dictionaries(
    {"v": st.just(1) | VALUES, "type": st.just("order") | VALUES},
    optional={"documents": st.lists(st.fixed_dictionaries({}, optional={"head": VALUES, "lines": VALUES}), max_size=2)},
)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> TryConsole:
    return TryConsole.at(tmp_path_factory.mktemp("console"))


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(NEARLY | VALUES)
@example({"v": 1, "type": "order", "documents": [{"head": {"orderNo": "\ud800"}}]})
@example({"v": 1, "type": "order", "documents": [{"head": {"\x00": "\x00"}, "lines": [{}]}]})
def test_whatever_is_posted_is_taken_whole_or_refused_with_a_reason(here: TryConsole, value: object) -> None:
    _, key = accounts.add_key(here.store, "trial", "any", here.clock.now())
    before = set(here.made.inbox.iterdir())
    answer = here.visitor().client.post(
        "/api/drops",
        content=json.dumps(value).encode(),
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    written = set(here.made.inbox.iterdir()) - before
    assert answer.status_code in (202, 422), answer.text
    if answer.status_code == 422:
        assert answer.json()["problem"].startswith("CEBD-")
        assert answer.json()["zh"]
        assert written == set()
    for file in written:
        assert entered(file.read_bytes()).documents


def test_names_that_no_drop_has_are_not_found(here: TryConsole) -> None:
    _, key = accounts.add_key(here.store, "trial", "names", here.clock.now())
    for name in ("api-0000000000000000.json", "..%2f..%2fsettings.toml", "%00", "*", "订单.xlsx"):
        answer = here.visitor().get(f"/api/drops/{name}", authorization=f"Bearer {key}")
        assert answer.status_code == 404, name
