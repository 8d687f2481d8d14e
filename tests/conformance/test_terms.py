"""The words of texts are those of declarants: of every answer that `cebd explain` explains, and of every problem an operator reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import cebd
from cebd.customs.code_book import all_entries
from cebd.documents.workbooks.own_marks import OWN_SHEETS
from cebd.messages.description import declarations, message_types
from cebd.operations.inquiries.explain import CodeMeaning, explain
from cebd.problems.problem import catalogue

PACKAGE = Path(cebd.__file__).parent
CHINESE = re.compile("[\u4e00-\u9fff]")
TEXTS = ("zh", "en", "cause_zh", "cause_en", "meaning_zh", "meaning_en", "next_zh", "next_en")
DECLARATIONS = [message.code for message in (*declarations(), *declarations(export=True))]
OPERATORS = (range(1000, 1500), range(1701, 1706), range(1716, 1718), range(1740, 1752), range(2120, 2124))
# Rooms whose Chinese texts are read by operators alone: the receipts and its sheets, 状态.txt, answers, forms, templates.
ROOMS = (
    "receipts",
    "decisions",
    "declared",
    "documents",
    "intake",
    "console",
    "operations/console",
    "operations/handouts",
)
FOR_PROGRAMS = ("receipts/statements/period_tables.py",)  # `cebd receipts export`: its columns have the fields' names
# What a declarant calls otherwise, and how.
E_COMMERCE = (
    *(
        "电商平台",
        "交换平台",
        "境内平台",
        "境外平台",
        "平台企业",
        "电商企业或平台",
        "所有平台",
        "该平台的清单",
        "在平台对接",
    ),
    *("地方平台", "接入平台", "接入的平台", "各平台"),
)
WORDS = {
    "平台": "电子口岸, or 电商平台",
    "记录": "单, 单证: that is what she drops",
    "海关侧": "海关, 电子口岸",
    "该记录": "该单",
    "商品行": "表体商品项",
    "各行总价之和": "表体总价合计",
    "三单比对不过": "三单比对不一致",
    "付款人": "支付人",
    "完税金额": "完税价格",
    "系统编号": "系统唯一序号",
    "企业编号 copNo": "企业内部编号",
    "介质|U-key": "电子口岸卡（UKey）",
    "海关参数表": "计量单位代码表 ...",
    "年年年年": "20261126093000",
    r"\b[Gg]uid\b|GUID": "系统唯一序号",
}
FOR_THE_ADMINISTRATOR = (
    r"`cebd |\bcebd (?:show|verify|sign|queue|run|check|explain)\b",
    r"\b(?:copCode|dxpId|send_dir|receive_dir|signer|enterprise\.defaults)\b",
    r"\b(?:in_doubt|held|ready|signed|acknowledged)\b(?=.*[\u4e00-\u9fff])",
    r"\[\[?(?:station|enterprise|mapping|rules|codes|log|store|control|console|alarm|metrics)\b",
)


def strange_words(text: str) -> list[str]:
    for phrase in E_COMMERCE:
        text = text.replace(phrase, "")
    return [word for word in WORDS if re.search(word, text)]


def test_what_is_explained_is_in_the_words_of_a_declarant() -> None:
    told = [(entry.code, name, getattr(entry, name)) for entry in all_entries() for name in TEXTS]
    assert len(told) > 2000
    assert [(code, name, words) for code, name, text in told if (words := strange_words(text))] == []


def test_what_is_explained_names_no_command_and_no_key_of_the_settings() -> None:
    told = [(entry.code, name, getattr(entry, name)) for entry in all_entries() for name in TEXTS]
    found = [(code, name) for code, name, text in told if any(re.search(one, text) for one in FOR_THE_ADMINISTRATOR)]
    assert found == []


def test_problems_of_operators_are_in_the_words_of_a_declarant() -> None:
    own = [id_ for id_ in catalogue() if any(int(id_[5:]) in numbers for numbers in OPERATORS)]
    assert len(own) > 100
    texts = [(id_, catalogue()[id_][name]) for id_ in own for name in ("zh", "fix_zh")]
    assert [(id_, words) for id_, text in texts if (words := strange_words(text))] == []


def chinese_texts(module: Path) -> Iterator[tuple[int, str]]:
    """The texts with Chinese in them that a module or the template of a page writes, with their lines."""
    content = module.read_text(encoding="utf-8")
    if module.suffix == ".html":
        for number, line in enumerate(content.splitlines(), 1):
            yield from ((number, text) for text in re.split("[{}<>'\"]", line) if CHINESE.search(text))
        return
    tree = ast.parse(content)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and id(node) not in docstrings
        if is_text and isinstance(node.value, str) and CHINESE.search(node.value):
            yield node.lineno, node.value


def test_the_texts_of_receipts_sheets_and_forms_are_in_the_words_of_a_declarant() -> None:
    modules = [
        module
        for room in ROOMS
        for module in sorted((PACKAGE / room).rglob("*.*"))
        if module.suffix in (".py", ".html")
    ]
    texts = [
        (f"{module.relative_to(PACKAGE)}:{line}", text)
        for module in modules
        for line, text in chinese_texts(module)
        if str(module.relative_to(PACKAGE)) not in FOR_PROGRAMS and text not in OWN_SHEETS
    ]
    assert len(texts) > 500
    assert [(place, words) for place, text in texts if (words := strange_words(text))] == []
    named = [(place, text) for place, text in texts if any(re.search(one, text) for one in FOR_THE_ADMINISTRATOR)]
    assert named == []


@pytest.mark.parametrize("code", DECLARATIONS)
def test_every_status_and_code_of_a_declaration_is_explained_in_both_languages(code: str) -> None:
    of_type = [entry for entry in all_entries() if code in entry.types]
    assert {"1", "2", "3", "4", "100"} & {entry.code for entry in of_type}
    for entry in of_type:
        for type_ in (code, message_types()[code].receipt or code):
            meaning = explain(entry.code, type_, entry.said[-1] if entry.said else "")
            assert isinstance(meaning, CodeMeaning)
            assert meaning.is_known
            assert all(one.zh and one.en and one.next_zh and one.next_en for one in meaning.entries)
            assert {one.code for one in meaning.entries} == {entry.code}
