"""What the settings mean, in words, for `config check`."""

from __future__ import annotations

from cebd.operations.text import Text
from cebd.rules.codes.tables import table_names
from cebd.settings import Enterprise, Settings


def table_ages(settings: Settings) -> Text:
    """The year of each code table in use; the enterprise's own tables are marked. Raises SettingsError for tables that cannot be used."""
    tables = settings.code_tables
    ages = ", ".join(
        f"{name} {tables[name].year}{' (own)' if name in tables.own else ''}"
        for name in dict.fromkeys((*table_names(), *tables.own))
    )
    return Text(f"代码表：{ages}", f"Code tables: {ages}")


def roles(settings: Settings) -> Text:
    """What each enterprise may declare."""
    zh, en = (
        "; ".join(f"{one.name}: {', '.join(one.declares) or everything}" for one in settings.enterprise)
        for everything in ("全部（declares）", "everything (declares)")
    )
    return Text(f"申报范围：{zh}", f"Declares: {en}")


def receipt_folders(settings: Settings) -> Text:
    """Where receipts lie; of settings that do not say, that they are as they were before there was a choice."""
    flat = "outbox/NAME.receipt.xlsx"
    match settings.station.outbox:
        case "by-day":
            where = "outbox/2026-11-26/NAME.receipt.xlsx, outbox/json/2026-11-26/NAME.receipt.json"
            return Text(f"回执：{where}", f"Receipts: {where}")
        case "flat":
            return Text(f"回执：{flat}", f"Receipts: {flat}")
        case _:
            return Text(
                f'回执：{flat}（[station] outbox = "by-day" 可按日分文件夹）',
                f'Receipts: {flat} ([station] outbox = "by-day" puts them into folders by day)',
            )


def who_signs(settings: Settings) -> Text:
    """Who signs the messages of each enterprise."""
    zh, en = (
        "; ".join(f"{one.name}: {', '.join(_signing_for(settings, one, client))}" for one in settings.enterprise)
        for client in ("{} 的客户端", "the client of {}")
    )
    return Text(f"签名：{zh}", f"Signs: {en}")


def _signing_for(settings: Settings, enterprise: Enterprise, client: str) -> list[str]:
    clients = [name for name in enterprise.channel.names if settings.channel[name].is_signed_by_client]
    return [*enterprise.signer, *map(client.format, clients)]
