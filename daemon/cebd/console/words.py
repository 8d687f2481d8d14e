"""What templates say of values: times, states, kinds of documents, values that not everybody sees in full."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from cebd.clock import CST
from cebd.console.visit import Visit
from cebd.messages.description import MessageType, message_types
from cebd.operations.console.record.page import STATES, state_of
from cebd.problems.problem import mask
from cebd.store.console.accounts import Role
from cebd.store.console.journal import JournalLine

_LONGEST_DETAIL = 600


def when(time: str) -> str:
    """A time of China, as 2026-11-27 09:30:00; what is no time stays as it is."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return time
    return f"{moment.astimezone(CST) if moment.tzinfo else moment:%Y-%m-%d %H:%M:%S}"


def days_left(time: str, visit: Visit) -> int | None:
    """Whole days from now until that time; None for what is no time."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return (moment.replace(tzinfo=moment.tzinfo or CST) - visit.desk.clock.now()).days


def noun(type_: str, visit: Visit) -> str:
    """What such a document is called."""
    message = message_types()[type_]
    return visit.say(message.zh, message.en)


def label(type_: str, name: str, visit: Visit) -> str:
    """What the element of such a document's key is called."""
    field = message_types()[type_].field("head", name)
    return visit.say(field.zh, field.en)


def shown(field: str, value: str, visit: Visit) -> str:
    """The value; identity numbers shortened for whoever neither enters nor declares them."""
    return value if visit.person.sees_identities else mask(field, value)


def type_of(code: str) -> MessageType:
    """The message of that code."""
    return message_types()[code]


_EVENTS = {
    "logged in": "登录",
    "account": "帐号",
    "account removed": "删除帐号",
    "password changed": "改密码",
    "sessions ended": "强制退出",
    "key added": "新建密钥",
    "key revoked": "停用密钥",
    "brought in": "导入文件",
    "thrown away": "删除导入的文件",
    "declared in the console": "页面申报",
    "draft thrown away": "删除草稿",
    "given by a program": "程序提交",
    "held": "暂不申报",
    "released": "放行",
    "dropped": "放弃",
    "tried at once": "立即重试",
    "evidence taken": "下载证据",
    "sent again": "重新发送",
    "reassigned": "改由另一企业申报",
    "token accepted": "接受电子口岸卡",
    "token revoked": "停用电子口岸卡",
    "token test --login": "试用电子口岸卡",
    "retention": "清理到期数据",
    "restored": "从备份恢复",
    "migrated": "程序升级",
    "made": "新建数据",
    "new store": "新建数据",
    "earlier store": "以前的数据",
}


def journal_event(event: str, visit: Visit) -> str:
    """What a line of the journal is about."""
    return visit.say(_EVENTS.get(event, event), event)


_ROLES: Mapping[str, str] = {Role.VIEW: "查看", Role.ENTER: "录入", Role.DECLARE: "申报", Role.ADMINISTER: "管理"}


def journal_detail(line: JournalLine, visit: Visit) -> str:
    """What it says more, in the words of the other pages."""
    told = line.detail[:_LONGEST_DETAIL]
    if visit.language == "zh" and line.event == "account":
        name, _, roles = told.partition(": ")
        return f"{name}：{'、'.join(_ROLES.get(role, role) for role in roles.split())}"
    if visit.language == "zh" and line.event == "made":
        return ""
    return told


GLOBALS: Mapping[str, Callable[..., object] | Mapping[str, object]] = {
    "days_left": days_left,
    "journal_detail": journal_detail,
    "journal_event": journal_event,
    "label": label,
    "noun": noun,
    "roles": _ROLES,
    "shown": shown,
    "type_of": type_of,
    "state_of": state_of,
    "state_words": {str(state): word for state, word in STATES.items()},
}
