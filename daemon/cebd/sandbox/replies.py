"""What customs say of a record: the life of an accepted one, and the codes of table 7-2 for the others.

`[{number}]` stands where the specification has `[*]`: the number the enterprise gave the record.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

Reply = tuple[str, str]
STORED = "1"
DELETION = "3"
RELEASED = "800"

_DECLARED = {"1": "新增申报成功", "2": "变更申报成功", DELETION: "删除申报成功"}
_ENTERED = ("120", "海关入库成功")
_SENT = ("3", "发送海关成功")
_CONCLUDED = ("399", "海关审结")
_RELEASED = (RELEASED, "放行")
_CLOSED = ("899", "结关")


@dataclass(frozen=True)
class Replies:
    """The codes of one declaration, and how its accepted records go on after status 2 (declaring)."""

    goes_on: tuple[Reply, ...]
    already: Reply
    unknown: Reply
    bad_signature: Reply


# Orders, payments and waybills have no code of their own for a signature: the nearest is "parameters do not pass".
_REPLIES = {
    "CEB311": Replies(
        (_ENTERED,),
        ("-301010", "已存在相同编号的订单"),
        ("-301009", "订单标识(appType)不正确,未找到操作的订单"),
        ("-301008", "参数校验不通过，验签失败"),
    ),
    "CEB411": Replies(
        (_ENTERED,),
        ("-401007", "已存在相同编号的支付单"),
        ("-401006", "支付单标识(appType)不正确,未找到对应操作的支付单"),
        ("-401009", "参数校验不通过，[paymentHead,payment]"),
    ),
    "CEB511": Replies(
        (_ENTERED,),
        ("-504015", "已存在相同编号的运单"),
        ("-504014", "运单标识(appType)不正确,未找到操作的运单"),
        ("-504011", "参数校验不通过，验签失败"),
    ),
    "CEB513": Replies(
        (_SENT, _CONCLUDED),
        ("-505012", "物流运单状态已存在"),
        ("-505014", "物流运单状态报文处理失败，未找到对应操作"),
        ("-505011", "参数校验不通过"),
    ),
    "CEB621": Replies(
        (_ENTERED, _RELEASED),
        ("-621004", "清单[{number}]已经申报过，请勿重复申报"),
        ("-621011", "不存在已申报的清单[{number}]，无法进行改单操作"),
        ("-621029", "验签失败！"),
    ),
    "CEB623": Replies(
        (_ENTERED, _CONCLUDED),
        ("-623009", "撤单清单[{number}]已经申报过"),
        ("-623004", "查无此数据"),
        ("-623029", "验签失败！"),
    ),
    "CEB625": Replies(
        (_ENTERED, _CONCLUDED),
        ("-625022", "退货申请单[{number}]已经申报过，请勿重复申报"),
        ("-625016", "查无此数据"),
        ("-625005", "退货申请单[{number}]验签失败！"),
    ),
    "CEB711": Replies(
        (_ENTERED, _CONCLUDED),
        ("-800003", "入库明细单报已存在"),
        ("-800001", "校验不通过，[appType]"),
        ("-800001", "校验不通过，[验签失败]"),
    ),
}

# Export, as the remarks on returnStatus of each receipt have it; 304, 404, 608 end with 120 in the text, with 399 in the schema.
# Its errors are not published: each borrows those of the import message that is most like it.
_EXPORT: dict[str, tuple[str, tuple[Reply, ...]]] = {
    "CEB303": ("CEB311", (_ENTERED, _CONCLUDED)),
    "CEB403": ("CEB411", (_ENTERED, _CONCLUDED)),
    "CEB505": ("CEB511", (_SENT, _CONCLUDED)),
    "CEB507": ("CEB711", (_SENT, _CONCLUDED)),
    "CEB509": ("CEB711", (_SENT, _CONCLUDED)),
    "CEB603": ("CEB621", (_ENTERED, _RELEASED, _CLOSED)),
    "CEB605": ("CEB623", (_SENT, _CONCLUDED)),
    "CEB607": ("CEB711", (_ENTERED, _CONCLUDED)),
    "CEB701": ("CEB711", (_SENT, _CONCLUDED)),
    "CEB213": ("CEB625", (_ENTERED, _RELEASED)),
    "CEB215": ("CEB711", (_SENT, _CONCLUDED)),
}
_REPLIES |= {code: replace(_REPLIES[like], goes_on=goes_on) for code, (like, goes_on) in _EXPORT.items()}


def answers(code: str) -> bool:
    """Whether this customs side takes that declaration."""
    return code in _REPLIES


def life(code: str, app_type: str, *, stored: bool, released: bool = True) -> tuple[Reply, ...]:
    """The statuses an accepted record goes through. `stored`: it was handed in with appStatus 1 and goes no further.

    `released` False: a list goes no further than its entry. A list's deletion is concluded, nothing is released by it.
    """
    if stored:
        return ((STORED, "暂存"),)
    goes_on = _REPLIES[code].goes_on
    if _RELEASED in goes_on and (app_type == DELETION or not released):
        goes_on = (_ENTERED, _CONCLUDED) if app_type == DELETION else (_ENTERED,)
    return (("2", _DECLARED[app_type]), *goes_on)


def already_there(code: str, number: str) -> Reply:
    """The record was declared before."""
    return _filled(_REPLIES[code].already, number)


def not_there(code: str, number: str) -> Reply:
    """A change or a deletion of what was never declared."""
    return _filled(_REPLIES[code].unknown, number)


def bad_signature(code: str, number: str) -> Reply:
    """The signature is missing or does not hold."""
    return _filled(_REPLIES[code].bad_signature, number)


def _filled(reply: Reply, number: str) -> Reply:
    return reply[0], reply[1].replace("{number}", number)
