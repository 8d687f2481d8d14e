"""The operator's words for what is not as it should be (Chinese, English): no command, no settings key, no name of a part of cebd."""

from __future__ import annotations

from cebd.store.conditions import Party

Texts = tuple[str, str]

# What the operator is told of what is not hers, by the beginning of the condition's key.
IN_SHORT: dict[str, Texts] = {
    "signer:": (
        "签名的 UKey 暂时不可用，报文等待签名",
        "the signing token is not available; messages wait for their signature",
    ),
    "channel:": (
        "与海关侧的连接不通，报文等待发送",
        "the line to the customs side is down; messages wait to be sent",
    ),
    "settings:": ("设置有误，部分功能已停用", "there is a mistake in the settings; a part is switched off"),
    "store:": ("程序的数据需要管理员检查", "the administrator has to look at the program's data"),
    "work:": ("程序处理时遇到问题，正在自动重试", "the program met a problem and tries again by itself"),
    "clock:": ("本机时钟不准", "the clock of this computer is wrong"),
    "receipt:": ("有回执需要管理员检查", "the administrator has to look at receipts"),
    "outbox:": ("回执文件夹写不进去，回执暂未更新", "the receipts cannot be written at present"),
}
NO_RECEIPT: Texts = ("有报文发送后迟迟没有回执", "messages were sent and have no receipt yet")
TO_BE_DECIDED: Texts = (
    "数据库恢复后有记录待核实是否已申报",
    "after the store was restored it is to be found out whether some records were declared",
)
IN_DOUBT: Texts = ("有报文正在核对对方是否收到", "it is being found out whether messages arrived")

# What is to be done about what she cannot end herself.
TO_DO: dict[Party, Texts] = {
    Party.ADMINISTRATOR: (
        "请告知管理员；文件照常放入，恢复后自动处理。",
        "Tell the administrator; go on dropping files, they are worked off later.",
    ),
    Party.TOKEN: (
        "请检查 UKey 是否插好；恢复后自动继续，不要重复放入文件。",
        "See that the token is plugged in; work goes on by itself. Do not drop files again.",
    ),
    Party.NETWORK: (
        "网络恢复后自动发送，无需处理，不要重复放入文件。",
        "It is sent by itself once the line is back; nothing is to be done. Do not drop files again.",
    ),
    Party.E_PORT: (
        "等待电子口岸恢复，自动继续，无需处理。",
        "It goes on by itself once the e-port is back; nothing is to be done.",
    ),
    Party.CUSTOMS: ("请向海关侧查询；不要重复申报。", "Ask the customs side; do not declare again."),
    Party.CEBD: (
        "程序会自动重试，无需处理；一直如此的，请告知管理员。",
        "The program tries again by itself; if it stays so, tell the administrator.",
    ),
}
WHOSE: dict[Party, Texts] = {
    Party.OPERATOR: ("操作员", "operator"),
    Party.ADMINISTRATOR: ("管理员", "administrator"),
    Party.CEBD: ("程序自身", "the program"),
    Party.TOKEN: ("UKey 保管人", "keeper of the token"),
    Party.NETWORK: ("网络", "network"),
    Party.E_PORT: ("电子口岸", "e-port"),
    Party.CUSTOMS: ("海关", "customs"),
}
STOPPED: list[Texts] = [
    (
        "程序已停止（{at}）：放入的文件暂不处理，不会丢失。",
        "The program was stopped ({at}): files dropped now wait, and are not lost.",
    ),
    ("自：{at}　由谁处理：管理员", "Since: {at}  Whose matter: the administrator"),
    (
        "怎么办：重新启动后自动继续，不要重复放入文件。",
        "To do: it goes on by itself once started again. Do not drop files again.",
    ),
]
