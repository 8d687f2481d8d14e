"""Names that name nothing, names given twice, and a key in a file where only a token may sign."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator

from cebd.enterprise import Enterprise
from cebd.settings.faults import Fault, Part, fault
from cebd.settings.file import Settings
from cebd.signing.signers import kinds as signers


def reference_faults(settings: Settings, switched_off: Collection[str]) -> list[Fault]:
    """Every such mistake. Parts in `switched_off`, with a mistake of their own, count as present."""
    faults = list(software_in_production(settings))
    for enterprise in settings.enterprise:
        faults += _names_nothing(settings, enterprise, switched_off)
        faults += _without_a_signer(settings, enterprise)
    faults += _unknown_to_the_endpoint(settings, switched_off)
    times = Counter(one.name for one in settings.enterprise)
    for name in (name for name, count in times.items() if count > 1):
        texts = (f"{name} is used by two enterprises", f"{name} 被两家企业使用")
        faults.append(
            fault(settings.location("enterprise", name, "name"), texts, settings.lines, Part.ENTERPRISE, name)
        )
    return faults


def software_in_production(settings: Settings) -> Iterator[Fault]:
    """A key in a file signs nothing in production, where whoever reads the file could sign."""
    if settings.station.environment != "production":
        return
    tokens = " / ".join(f'type = "{kind.type}"' for kind in signers.SIGNERS if not kind.for_trials)
    for name in dict.fromkeys(name for enterprise in settings.enterprise for name in enterprise.signer):
        if name in settings.signer and signers.signer_kind(settings.signer[name].type).for_trials:
            texts = (
                f"in production a token signs ({tokens}), never a key in a file",
                f"生产环境须用 UKey 签名（{tokens}），不能用密钥文件",
            )
            yield fault(settings.location("signer", name, "type"), texts, settings.lines, Part.SIGNER, name)


def _unknown_to_the_endpoint(settings: Settings, switched_off: Collection[str]) -> Iterator[Fault]:
    for name in settings.signing_endpoint.signers:
        if name not in settings.signer and name not in switched_off:
            texts = (f"there is no [signer.{name}]", f"没有 [signer.{name}]")
            yield fault(("signing_endpoint", "signers"), texts, settings.lines, Part.NOTHING, name)


def _without_a_signer(settings: Settings, enterprise: Enterprise) -> Iterator[Fault]:
    needing = [
        name
        for name in enterprise.channel.names
        if name in settings.channel and not settings.channel[name].is_signed_by_client
    ]
    if not enterprise.signer and needing:
        texts = (
            f'this setting is required: what goes by [channel.{needing[0]}] is signed here, unless it says signed_by = "client"',
            f'缺少此项：经 [channel.{needing[0]}] 的报文在本站签名（由客户端签名的通道须写 signed_by = "client"）',
        )
        location = settings.location("enterprise", enterprise.name, "signer")
        yield fault(location, texts, settings.lines, Part.ENTERPRISE, enterprise.name)


def _names_nothing(settings: Settings, enterprise: Enterprise, switched_off: Collection[str]) -> Iterator[Fault]:
    wanted: tuple[tuple[str, str, Collection[str]], ...] = (
        *(("signer", name, settings.signer) for name in enterprise.signer),
        *(("channel", name, settings.channel) for name in enterprise.channel.names),
        *(("mapping", name, settings.mapping) for name in enterprise.mapping),
    )
    for key, name, known in wanted:
        if name in known or name in switched_off:
            continue
        near = difflib.get_close_matches(name, list(known), n=1)
        hint, hint_zh = (f"; did you mean {near[0]}?", f"；是不是 {near[0]}？") if near else ("", "")
        texts = (f"there is no [{key}.{name}]{hint}", f"没有 [{key}.{name}]{hint_zh}")
        location = settings.location("enterprise", enterprise.name, key)
        yield fault(location, texts, settings.lines, Part.ENTERPRISE, enterprise.name)
