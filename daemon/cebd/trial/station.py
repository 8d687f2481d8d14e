"""A station to begin with: settings, folders and a trial key, wired to a simulated customs side."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cebd.trial.channels import TRIAL_CHANNELS

SETTINGS = """\
# A station to try cebd with. Every setting and its meaning: config.example.toml

[station]
name = "{name}"
environment = "trial"            # never changed: for the real thing make a new folder (README)
outbox = "by-day"                # outbox/2026-11-26/NAME.receipt.xlsx, outbox/json/2026-11-26/NAME.receipt.json
stable_seconds = 1.0
rescan_seconds = 5.0
receipts_seconds = 2.0           # how often to look for receipts

[store]
path = "store"                   # what must not be lost; a local disk, never a network share

# The enterprise that declares. For a real one: its own codes, DXP id, signer and channel.
[[enterprise]]
name = "trial"
copCode = "4407961999"
copName = "示例跨境电子商务有限公司"
dxpId = "DXPENT0000010001"
folder = "share"                 # inbox/, outbox/ and the rest are made here
signer = "trial"
channel = "sandbox"
mapping = ["orders-as-found"]

# What a workbook leaves out; a column always wins over it.
[enterprise.defaults.order]
ebpCode = "4407961999"
ebpName = "示例跨境电子商务有限公司"
ebcCode = "4407961999"
ebcName = "示例跨境电子商务有限公司"
# The platform has no registration number of its own for buyers: their telephone number stands for it.
buyerRegNo = "{{buyerTelephone}}"

[enterprise.defaults.inventory]
ebpCode = "4407961999"
ebpName = "示例跨境电子商务有限公司"
ebcCode = "4407961999"
ebcName = "示例跨境电子商务有限公司"
agentCode = "4407961999"
agentName = "示例跨境电子商务有限公司"
assureCode = "4407961999"
declTime = "{{today}}"

# A workbook whose headings are not the official ones: which column is which, and which amounts stand per goods line.
# It serves files whose names fit `files`, and whatever is dropped into inbox/orders-as-found/.
[mapping.orders-as-found]
type = "order"
files = ["orders-flat*"]
sum_per_order = ["goodsValue", "freight", "discount", "taxTotal", "acturalPaid"]
[mapping.orders-as-found.columns]
"币制#1" = "OrderHead/currency"
"币制#2" = "OrderList/currency"
"法定数量" = "-"
"法定计量单位" = "-"
"海关商品编码(Hscode)" = "-"
"国检商品编号" = "-"

# A key in a file: for trials only. The real thing is a token: type = "pkcs11".
[signer.trial]
type = "software"
key = "keys/trial.key.pem"
cert = "keys/trial.cert.pem"
"""


class NotEmpty(Exception):
    """The folder has something in it."""


@dataclass(frozen=True)
class MadeStation:
    """Where things are."""

    settings: Path
    inbox: Path
    outbox: Path
    sandbox: Path
    authority: Path


def make_station(folder: Path, port: int, *, sm2: bool = False, channel: str = "sftp") -> MadeStation:
    """Make the station; `sm2`: its trial key is SM2, not RSA; `channel`: its kind, of `TRIAL_CHANNELS`. Raises NotEmpty."""
    from cebd.sandbox.home import prepare
    from cebd.station.station import FOLDERS
    from cebd.trial.keys import make_trial_key

    if folder.exists() and any(folder.iterdir()):
        raise NotEmpty(str(folder))
    for name in FOLDERS:
        (folder / "share" / name).mkdir(parents=True, exist_ok=True)
    authority = make_trial_key(folder / "keys", sm2=sm2)
    home = prepare(folder / "sandbox")
    settings = folder / "cebd.toml"
    settings.write_text(
        SETTINGS.format(name=folder.resolve().name) + "\n" + TRIAL_CHANNELS[channel].settings(home, port),
        encoding="utf-8",
    )
    share = folder / "share"
    return MadeStation(settings, share / "inbox", share / "outbox", folder / "sandbox", authority)
