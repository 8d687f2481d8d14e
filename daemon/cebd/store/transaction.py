"""A transaction of the store, as other rooms hold it: they open it (`Store.read`, `Store.write`) and hand it on to functions of the store.

What can be done with it is said by the store's modules, one for each table; nobody else asks it for anything.
"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

Transaction = Connection
TransactionFailed = DatabaseError  # a full disk, a locked or damaged file: the trouble of the store and of nobody else

__all__ = ["Transaction", "TransactionFailed"]
