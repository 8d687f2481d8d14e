"""What the process of a token is told first, and the words that pass then.

| it is asked | it answers |
| --- | --- |
| `open` | `device` the fields of `Device` |
| `certificates` | `certificates` DER...: what the open token shows to anybody |
| `login` PIN | `logged in`; the PIN is None where the process reads it itself |
| `choose` now | `ready` DER: the certificate that signs |
| `sign` text | `signed` value |
| `slots` | `slots` SLOT...: all that the library shows (`slots.py`); the token is to be opened anew behind it |
| `close` | `closed`: logged out, the library ended |

`started` comes first, before the library is loaded. Instead of each: `failed` kind, texts, certificates (`faults.py`), and `broke` kind,
trace for an error that nobody foresaw.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cebd.signing.tokens.driver import DriverSettings
from cebd.signing.tokens.usage import Logins


@dataclass(frozen=True)
class TokenTask:
    """One token and how it is used.

    `pin`: the file that the PIN is read from for each login; None: it comes with the login, or the token asks for none. `number`: the only
    certificate that may sign. `memory`: the folder of what is known about this machine. `by`: who logs in.
    """

    driver: DriverSettings
    pin: Path | None
    number: str | None
    memory: Path
    by: Logins = Logins.BY_ITSELF
