"""Input files of the field, and the official papers where they are to be had.

The papers of customs (message specification, schemas, samples) are no part of the project. `CEBD_OFFICIAL` names the folder that holds
them; without it the tests that read them skip, and what the papers say is held to by counted facts (`tests/conformance/facts.json`).
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "cases"
OFFICIAL = Path(os.environ.get("CEBD_OFFICIAL") or ROOT / "no-official-papers")
PAPERS = OFFICIAL.parent  # tables that were made of the papers lie beside them

if os.environ.get("CEBD_OFFICIAL_REQUIRED") and not OFFICIAL.is_dir():
    raise FileNotFoundError(f"CEBD_OFFICIAL: {OFFICIAL} is not a folder")

needs_official = pytest.mark.skipif(
    not OFFICIAL.is_dir(), reason="the official papers are not here (CEBD_OFFICIAL names their folder)"
)


@cache
def official_schema(name: str) -> etree.XMLSchema:
    """An official schema by its file's name. That of the transfer node names another by a name that it did not come under."""
    path = OFFICIAL / "xsd" / name
    document = etree.parse(path)
    for include in document.getroot().iterfind("{http://www.w3.org/2001/XMLSchema}include"):
        if not path.with_name(include.get("schemaLocation") or "").is_file():
            include.set("schemaLocation", "terminal-node-202205.xsd")
    return etree.XMLSchema(document)
