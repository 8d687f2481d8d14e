"""Several threads of a station may be the first to want openpyxl.

Python takes a submodule's lock before that of its package: of two threads, one that begins with the package and one that begins with a
submodule wait for each other, and one of them fails (_DeadlockError). So whoever imports openpyxl begins with the package.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import cebd

ROOT = Path(cebd.__file__).parent


def imports(scope: ast.AST) -> Iterator[str]:
    """The modules of openpyxl that a scope imports, in order; those of the functions in it are theirs."""
    for node in ast.iter_child_nodes(scope):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name.partition(".")[0] == "openpyxl")
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").partition(".")[0] == "openpyxl":
                yield node.module or ""
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node)


def test_whoever_imports_openpyxl_begins_with_the_package() -> None:
    found, wrong = 0, []
    for path in ROOT.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        if "openpyxl" not in text:
            continue
        tree = ast.parse(text)
        for scope in (tree, *(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))):
            names = list(imports(scope))
            found += len(names)
            if names and names[0] != "openpyxl":
                wrong.append(f"{path.relative_to(ROOT)}:{getattr(scope, 'name', 'module')}")
    assert found > 10
    assert wrong == []
