"""`examine`: everything about a station, in the order in which a person would look; `going_live`: what the first real declaration needs."""

from __future__ import annotations

from collections.abc import Iterator

from cebd.operations.doctor import folders, machine, outside, remedies
from cebd.operations.doctor.finding import Finding, Level, fail, guarded, ok, warn
from cebd.operations.text import Text
from cebd.settings import Settings
from cebd.store.safety.environment import environment_of
from cebd.store.store import Store, StoreError
from cebd.store.tokens import tokens_in_use


def examine(settings: Settings) -> Iterator[Finding]:
    """Each finding as soon as it is there: a channel that does not answer takes seconds."""
    log = remedies.look_at_log(settings)
    yield from guarded("settings", lambda: machine.settings_findings(settings), log)
    yield from guarded("store", lambda: machine.store_findings(settings), log)
    yield from guarded("folders", lambda: folders.folder_findings(settings), log)
    yield from guarded("schemas", lambda: machine.description_findings(settings), log)
    store = _store(settings)
    try:
        if store is not None:
            yield from guarded("signers", lambda: outside.token_findings(settings, store), log)
            yield from guarded("clock", lambda: outside.clock_findings(store), log)
        yield from guarded("channels", lambda: outside.channel_findings(settings, store), log)
    finally:
        if store is not None:
            store.close()


def going_live(settings: Settings) -> Iterator[Finding]:
    """`examine`, then what only matters for real declarations: environment, DXP id, card and owner; last, what to declare first."""
    yield from examine(settings)
    environment: str | None = settings.station.environment
    store = _store(settings)
    if store is not None:
        environment = environment or environment_of(store)
    if environment == "production":
        yield ok("environment", "环境为正式（production）", "the environment is production")
    else:
        yield fail(
            "environment",
            f"环境为 {environment or '未定'}：不是正式申报；正式申报须另有设置、数据库和文件夹",
            f"the environment is {environment or 'not set'}: nothing is declared for real; real declarations have settings, a store and "
            "folders of their own",
            "cebd config example",
        )
    yield from _enterprises(settings)
    if store is not None:
        try:
            yield from guarded("signers", lambda: _cards(settings, store), remedies.look_at_log(settings))
        finally:
            store.close()
    yield ok("first", *FIRST)


FIRST = Text(
    "先申报：一份只有一单的订单文件，等到 120；再支付单、运单各一单；再这一单的清单，等到 800。每一步看回执，全部无误后再放入整批。",
    "Declare first: a file with one order, and wait for 120; then its payment and its waybill; then its list, and wait for 800. "
    "Look at each receipt; drop whole files only after that.",
)


def _enterprises(settings: Settings) -> Iterator[Finding]:
    for enterprise in settings.enterprise:
        about = f"enterprise:{enterprise.name}"
        yield (
            warn(
                about,
                f"请核对 DXP 编号 {enterprise.dxpId}：须与电子口岸开通的一致",
                f"Check the DXP id {enterprise.dxpId}: it must be the one that the e-port has given",
                remedies.edit(settings, "enterprise", settings.enterprise.index(enterprise), "dxpId"),
            )
            if enterprise.dxpId.startswith("DXPTEST")
            else ok(about, f"DXP 编号 {enterprise.dxpId}", f"DXP id {enterprise.dxpId}")
        )


def _cards(settings: Settings, store: Store) -> Iterator[Finding]:
    """Whether each enterprise signs with a card of its own, not with a key file."""
    with store.read() as transaction:
        holders = {
            token.signer: token.recorded.identity for token in tokens_in_use(transaction) if token.state == "known"
        }
    for enterprise in settings.enterprise:
        for name in settings.signers_of(enterprise):
            about, command = f"signer:{name}", f"cebd token test {name}"
            if settings.signer[name].type == "software":
                yield fail(
                    about,
                    f"{name} 是文件中的密钥：正式申报须用电子口岸卡",
                    f"{name} is a key in a file: real declarations need the e-port's card",
                    "cebd config example",
                )
            elif name not in holders:
                yield warn(about, f"{name} 的卡还没有用过", f"the card of {name} has not been used yet", command)
            else:
                owner = holders[name].organisation or holders[name].subject
                yield ok(
                    about,
                    f"企业 {enterprise.name} 用 {owner} 的卡签名：请核对",
                    f"{enterprise.name} signs with the card of {owner}: check that",
                )


def _store(settings: Settings) -> Store | None:
    try:
        return Store.open(settings.store_dir, create=False)
    except StoreError:
        return None  # said by the findings about the store


def worst(findings: list[Finding]) -> Level:
    """The worst of them."""
    return max((finding.level for finding in findings), key=list(Level).index, default=Level.OK)
