"""What the templates of an enterprise have of its own, from the settings and the store."""

from __future__ import annotations

from cebd.declared.goods_archive import articles
from cebd.documents.templates.goods import Goods
from cebd.messages.description import declarations
from cebd.operations.handouts.files import OwnValues
from cebd.settings import Settings
from cebd.store.store import Store

_MOST_ARTICLES = 5000  # more are nothing to choose from


def own_values(settings: Settings, store: Store, name: str) -> OwnValues:
    """Those of the enterprise of that name."""
    enterprise = next(one for one in settings.enterprise if one.name == name)
    defaults = {message.code: enterprise.defaults_of(message.code, message.name) for message in declarations()}
    goods = articles(store, name, _MOST_ARTICLES)
    return OwnValues(defaults, [Goods(item, accepted) for item, accepted in goods.items()], settings.figures)
