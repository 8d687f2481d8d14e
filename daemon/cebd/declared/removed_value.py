"""How a value is called of which only a digest was kept, since the bytes of its declaration were removed after years."""

from __future__ import annotations

from collections.abc import Mapping

REMOVED_VALUE: Mapping[str, str] = {
    "other": "another value, which was removed since with the rest of that declaration",
    "other_zh": "原值（已随该单证按保存年限清除）",
}
