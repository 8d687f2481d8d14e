"""The environment that a store belongs to: what was declared to a simulated or a test side never counts as declared to customs."""

from __future__ import annotations

from sqlalchemy import insert, select

from cebd.settings import Environment, Settings, software_in_production, switch_off
from cebd.store.store import Store, StoreError
from cebd.store.tables import about

_NAME = "environment"


class OtherEnvironment(StoreError):
    """The settings are of another environment than the store; says so in Chinese and in English."""


def require_same_environment(settings: Settings) -> None:
    """Before anything else is said of the settings: they must not be of another environment than their store. Raises OtherEnvironment."""
    try:
        store = Store.open(settings.store_dir, create=False)
    except StoreError:
        return  # there is none yet, or whoever opens it for work says what is wrong
    try:
        in_environment_of(settings, store)
    finally:
        store.close()


def environment_of(store: Store) -> Environment | None:
    """What the store belongs to; None as long as no settings have said."""
    with store.read() as connection:
        found: Environment | None = connection.execute(select(about.c.value).where(about.c.name == _NAME)).scalar()
    return found


def in_environment_of(settings: Settings, store: Store) -> Settings:
    """The settings with the environment of their store, where they say none. Raises StoreError where they say another one."""
    own, wanted = environment_of(store), settings.station.environment
    if own is None or wanted == own:
        return settings
    if wanted is None:
        settings = settings.model_copy(update={"station": settings.station.model_copy(update={"environment": own})})
        return switch_off(settings, software_in_production(settings))
    raise OtherEnvironment(
        f"{settings.store_dir}：此数据库属于环境 {own}，设置写的是 {wanted}。在 {own} 中申报的不算在 {wanted} 中申报："
        f"请为 {wanted} 另设数据库和文件夹，"
        f"把 [store] path 和各企业的 folder 改为新的空文件夹，下次启动时新建数据库；或把 [station] environment 改回 {own}\n"
        f"{settings.store_dir}: this store belongs to the environment {own}, the settings say {wanted}. What was declared in {own} "
        f"does not count in {wanted}: give {wanted} a store and folders of its own. Set [store] path and the folder of each "
        f"[[enterprise]] to new, empty folders; the new store is made at the next start. Or set [station] environment back to {own}"
    )


def keep_environment(settings: Settings, store: Store) -> None:
    """Write into the store what the settings say, where it has none yet. Only for the daemon that holds the store."""
    wanted = settings.station.environment
    if wanted is None or environment_of(store) is not None:
        return
    with store.write() as connection:
        connection.execute(insert(about).values(name=_NAME, value=wanted))
