"""Every problem can be said: no text asks for a fact that the place which finds the problem does not give."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from string import Formatter

import pytest

import cebd
from cebd.problems.problem import Place, Problem, catalogue, problem

TEXTS = ("zh", "en", "fix_zh", "fix_en")
# What an operator has no use for: commands, tables and keys of the settings. Names of facts in braces are filled in.
FOR_THE_ADMINISTRATOR = (
    r"cebd (?:queue|run|restore|backup|check|config|token|explain|audit|status|show|list|convert|sign)\b",
    r"\[(?:mapping|rules|codes|figures|enterprise|station|channel|signer|store)",
    r"\[\[",
    r"<mapping>",
    r"\b(?:send_dir|receive_dir|sum_per_order|stable_seconds|in_doubt_seconds|return_days|host_key|library|toml)\b",
    r"= ?\"",
)
OF_THE_OPERATOR = (range(1000, 1500), range(1701, 1706), range(1740, 1750))
PARAMETERS = set(inspect.signature(problem).parameters) - {"facts", "value", "field"}


def asked(problem_id: str) -> set[str]:
    """The facts that the texts of a problem ask for."""
    entry = catalogue()[problem_id]
    return {name for text in TEXTS for _, name, _, _ in Formatter().parse(entry[text]) if name}


def told() -> Iterator[tuple[str, str, set[str]]]:
    """Where a problem is made with an id written out and all its facts by name: the place, the id, the names."""
    package = Path(cebd.__file__).parent
    for path in sorted(package.rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "problem"):
                continue
            names = {keyword.arg for keyword in call.keywords}
            first = call.args[0] if call.args else None
            if isinstance(first, ast.Constant) and None not in names:
                yield f"{path.relative_to(package)}:{call.lineno}", str(first.value), {str(name) for name in names}


def test_no_text_asks_for_what_can_never_be_a_fact() -> None:
    assert not {id_: asked(id_) & PARAMETERS for id_ in catalogue() if asked(id_) & PARAMETERS}


def test_each_problem_is_made_with_the_facts_that_its_texts_ask_for() -> None:
    found = list(told())
    assert len(found) > 40
    missing = {
        where: asked(id_) - names
        for where, id_, names in found
        if asked(id_) - names - {"value"} - ({"zh", "en", "field"} if "field" in names else set())
    }
    assert not missing


def operators() -> list[str]:
    return [id_ for id_ in catalogue() if any(int(id_.partition("-")[2]) in numbers for numbers in OF_THE_OPERATOR)]


@pytest.mark.parametrize("pattern", FOR_THE_ADMINISTRATOR)
def test_an_operator_reads_no_command_and_no_key_of_the_settings(pattern: str) -> None:
    found = {id_ for id_ in operators() for text in TEXTS if re.search(pattern, catalogue()[id_][text])}
    assert len(operators()) > 100
    assert found == set()


def test_a_problem_read_from_its_json_is_the_problem_that_was_written() -> None:
    for suggestion in (None, "30"):
        made = problem("CEBD-1302", Place("订单", 3, "C3"), value="1", suggestion=suggestion, expected="2")
        assert Problem.from_json(made.as_json()) == made
        assert Problem.from_json(made.as_stored()) == made


def test_an_identity_number_that_is_offered_is_masked_in_json_and_whole_in_the_store() -> None:
    value, offered = "99999919990101002x", "99999919990101002X"
    made = replace(problem("CEBD-1306", value="9999**********002x"), field="buyerIdNumber", suggestion=offered)
    assert made.as_json()["suggestion"] == "9999**********002X"
    assert value[6:14] not in json.dumps(made.as_json())
    assert Problem.from_json(made.as_stored()) == made
    assert Problem.from_json(made.as_json()) == replace(made, suggestion=None), "what is masked is no value to offer"
    long = replace(made, field="goodsName", suggestion="*" * 70)
    assert Problem.from_json(long.as_json()) == long, "other fields are whole"
