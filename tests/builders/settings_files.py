"""Settings files that tests write, and every mistake told of them, whether it stops the start or switches something off."""

from __future__ import annotations

from pathlib import Path

from cebd.settings import SettingsError, load_settings

GOOD = """\
[station]
name = "s1"

[[enterprise]]
name = "one"
copCode = "1"
copName = "一"
dxpId = "D"
folder = "one"
signer = "s"
channel = "c"

[signer.s]
type = "software"
key = "k.pem"

[channel.c]
type = "sftp"
host = "h"
user = "u"
host_key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""


def mistakes_of(path: Path) -> list[str]:
    """One line for each mistake, as `cebd config check` prints it, without what merely follows from it."""
    try:
        faults = load_settings(path).faults
    except SettingsError as error:
        return error.errors
    return [str(one) for one in faults if not one.follows]
