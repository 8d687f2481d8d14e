"""What is wrong with a maker's library, for `config check`."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

from cebd.signing.signers.kind import Lack

_WIDTH = ("ELFCLASS", "WinError 193")


def library_lacks(key: str, path: Path, function: str, standard: str) -> Iterator[Lack]:
    """Loads it into this process. `key`: the setting that names it; `function`: one that each library of that standard has."""
    try:
        getattr(ctypes.CDLL(str(path)), function)
    except AttributeError:
        reason, zh = f"it has no {function}", f"缺少函数 {function}"
    except OSError as error:
        reason = zh = str(error)
        if any(word in reason for word in _WIDTH):
            reason += " (it is made for programs of another width: ask its maker for that of 64 bits)"
            zh += "（库的位数与程序不符：请向厂商索取 64 位的库）"
    else:
        return
    yield Lack(key, f"{path} is no {standard} library: {reason}", f"{path} 不是 {standard} 库：{zh}")
