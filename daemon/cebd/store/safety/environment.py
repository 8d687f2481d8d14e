"""The environment of a store: declarations to a simulated or a test side never count as declared to customs."""

from __future__ import annotations

from sqlalchemy import insert, select

from cebd.store.store import Store, StoreError
from cebd.store.tables import about
from cebd.store.transaction import Transaction

_NAME = "environment"


class OtherEnvironment(StoreError):
    """The settings are of another environment than the store."""

    @property
    def text(self) -> tuple[str, str]:
        return self.zh, str(self)


def environment_in(transaction: Transaction) -> str | None:
    """The store's environment (`trial`, `test`, `production`); None until settings name it."""
    environment: str | None = transaction.execute(select(about.c.value).where(about.c.name == _NAME)).scalar()
    return environment


def environment_of(store: Store) -> str | None:
    """The same, of a store that nobody reads at the moment."""
    with store.read() as transaction:
        return environment_in(transaction)


def require_environment(store: Store, wanted: str | None) -> str | None:
    """The environment to use: the store's, else the settings'. Raises OtherEnvironment if they differ."""
    own = environment_of(store)
    if own is None or wanted in (None, own):
        return own or wanted
    folder = store.folder
    raise OtherEnvironment(
        f"{folder}: this store belongs to the environment {own}, the settings say {wanted}. What was declared in {own} "
        f"does not count in {wanted}: give {wanted} a store and folders of its own. Set [store] path and the folder of each "
        f"[[enterprise]] to new, empty folders; the new store is made at the next start. Or set [station] environment back to {own}",
        f"{folder}：此数据库属于环境 {own}，设置写的是 {wanted}。在 {own} 中申报的不算在 {wanted} 中申报："
        f"请为 {wanted} 另设数据库和文件夹，"
        f"把 [store] path 和各企业的 folder 改为新的空文件夹，下次启动时新建数据库；或把 [station] environment 改回 {own}",
    )


def keep_environment(store: Store, environment: str | None) -> None:
    """Write the settings' environment into a store without an environment. Only for the daemon that holds the store."""
    if environment is None or environment_of(store) is not None:
        return
    with store.write() as transaction:
        transaction.execute(insert(about).values(name=_NAME, value=environment))
