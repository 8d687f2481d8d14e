"""The operator's words for trouble (Chinese, English): no command, no settings key, no name of a part of cebd."""

from __future__ import annotations

from cebd.file_names import PREVIEWED
from cebd.store.conditions import Party

Texts = tuple[str, str]

# The operator's words for conditions that others must end; by the beginning of the condition's key.
IN_SHORT: dict[str, Texts] = {
    "signer:": (
        "签名的 UKey 暂时不可用，报文等待签名",
        "the signing token is not available; messages wait for their signature",
    ),
    "certificate:": (
        "签名证书几天内到期，到期后不能签名",
        "the signing certificate ends within days; then nothing can be signed",
    ),
    "channel:": (
        "与电子口岸的连接不通，报文等待发送",
        "the connection to the customs side is down; messages wait to be sent",
    ),
    "client:": (
        "单一窗口客户端没有取走报文，可能没有启动，报文等待发送",
        "the Single Window's client does not take messages: it may not be running; messages wait to be sent",
    ),
    "settings:": ("设置有误，部分功能已停用", "the settings have a mistake; part of the program is switched off"),
    "store:": ("程序的数据需要管理员检查", "the administrator must check the program's data"),
    "work:": ("程序处理时遇到问题，正在自动重试", "the program met a problem and is trying again"),
    "clock:": ("本机时钟不准", "this computer's clock is wrong"),
    "receipt:": ("有回执需要管理员检查", "the administrator must check receipts"),
    "alarm:": ("报警消息发不出去，申报不受影响", "alarms cannot be delivered; declaring is not affected"),
    "disk:": ("磁盘空间不足", "the disk is nearly full"),
    "statements:": (
        "税单表或对账表暂时写不出来，申报不受影响",
        "the workbooks of tax bills or of the day cannot be written at the moment; declaring goes on",
    ),
    "ledger:": (
        "台账暂时写不出来，申报不受影响",
        "the ledger cannot be written at the moment; declaring goes on",
    ),
    "question:": (
        "“查询”文件夹里有文件暂时答不了，申报不受影响",
        "a file in the folder 查询 cannot be answered at the moment; declaring goes on",
    ),
    "owed:": (
        "录入或导入后已申报的单证还放不进 inbox，能放入后自动申报，不要重新录入",
        "what was declared in the console cannot be brought into inbox yet; it will be by itself, do not enter it again",
    ),
    "outbox:": ("回执文件夹写不进去，回执暂未更新", "the receipts cannot be written at the moment"),
}
SLOW_RECEIPT: Texts = (
    "有报文的回执比平时慢，继续等待",
    "receipts of some messages are slower than usual; the program waits for them",
)
TO_WAIT: Texts = (
    "暂不用处理；一直没有回执的，会提示向电子口岸查询。不要重复申报。",
    "Nothing to do yet; when it is time to ask the e-port, this will say so. Do not declare again.",
)
_OUR_CERTIFICATE: Texts = (
    "与电子口岸通信用的证书不可用或不被接受，报文等待发送",
    "the certificate for the connection to the customs side cannot be used or is not accepted; messages wait to be sent",
)
# What keeps messages from being sent, where more can be said than that the connection is down: whose matter it is, and what; by the
# id of the problem.
OF_CHANNELS: dict[str, tuple[Party, Texts]] = {
    "CEBD-1602": (
        Party.ADMINISTRATOR,
        (
            "电子口岸服务器的身份（主机密钥）与约定的不同，为安全没有发送，报文等待",
            "the customs side's server shows another host key than was agreed; for safety nothing is sent, messages wait",
        ),
    ),
    "CEBD-1603": (
        Party.ADMINISTRATOR,
        (
            "电子口岸的服务器不让登录，报文等待发送",
            "the customs side's server refuses the login; messages wait to be sent",
        ),
    ),
    "CEBD-1606": (
        Party.ADMINISTRATOR,
        (
            "对方存放报文的磁盘已满，报文等待发送",
            "the disk for messages at the other side is full; messages wait to be sent",
        ),
    ),
    "CEBD-1607": (
        Party.ADMINISTRATOR,
        (
            "对方的文件夹没有给我们权限，报文等待发送",
            "the other side's folder does not permit what is needed; messages wait to be sent",
        ),
    ),
    "CEBD-1630": (
        Party.ADMINISTRATOR,
        (
            "对方的消息服务器上没有接收报文的队列，报文等待发送",
            "the customs side's message server has no queue for messages; they wait to be sent",
        ),
    ),
    "CEBD-1631": (
        Party.E_PORT,
        (
            "对方的消息服务器拒收报文，可能已满，报文等待发送",
            "the customs side's message server takes no messages, it may be full; they wait to be sent",
        ),
    ),
    "CEBD-1632": (
        Party.E_PORT,
        (
            "对方的消息服务器暂停接收，报文等待发送",
            "the customs side's message server takes no messages at the moment; they wait to be sent",
        ),
    ),
    "CEBD-1633": (Party.ADMINISTRATOR, _OUR_CERTIFICATE),
    "CEBD-1666": (Party.ADMINISTRATOR, _OUR_CERTIFICATE),
    "CEBD-1670": (Party.ADMINISTRATOR, _OUR_CERTIFICATE),
    "CEBD-1662": (
        Party.ADMINISTRATOR,
        (
            "公司网络的代理服务器不让连接电子口岸，报文等待发送",
            "the company's proxy does not let through to the customs side; messages wait to be sent",
        ),
    ),
    "CEBD-1667": (
        Party.E_PORT,
        (
            "对方的系统没有正常答复，报文等待发送",
            "the customs side's system gives no proper answer; messages wait to be sent",
        ),
    ),
    "CEBD-1660": (
        Party.ADMINISTRATOR,
        (
            "与电子口岸的加密连接（TLS）无法建立，报文等待发送",
            "the encrypted connection (TLS) to the customs side cannot be set up; messages wait to be sent",
        ),
    ),
    "CEBD-1661": (
        Party.ADMINISTRATOR,
        (
            "电子口岸服务器的证书更换了，尚未确认，为安全没有发送，报文等待",
            "the customs side's server has a new certificate that nobody has confirmed; for safety nothing is sent, messages wait",
        ),
    ),
    "CEBD-1663": (
        Party.E_PORT,
        (
            "对方限制发送频率，报文稍后自动发送",
            "the other side limits how often it is called; messages are sent a little later",
        ),
    ),
}
NO_RECEIPT: Texts = ("有报文发送后迟迟没有回执", "messages were sent and have no receipt yet")
TO_BE_DECIDED: Texts = (
    "数据库恢复后有单证待核实是否已申报",
    "the database was restored; for some records it must be clarified whether they were declared",
)
LISTS_HELD: Texts = (
    "有清单扣下没有发送：它的订单、支付单或运单过了时限仍没有到达电子口岸",
    "lists are held and were not sent: their orders, payments or waybills have not reached the e-port in time",
)
MESSAGES_HELD: Texts = ("有报文由管理员扣下，没有发送", "the administrator has held messages back; they were not sent")
IN_DOUBT: Texts = ("有报文正在核对电子口岸是否收到", "the program is checking whether some messages arrived")


def files_kept_back(count: int, way_on: str | None) -> Texts:
    """How many files are only previewed, and what to do to have them declared; empty for none."""
    if not count:
        return "", ""
    folder = "inbox" if way_on is None else f"inbox/{way_on}"
    files = "1 file lies" if count == 1 else f"{count} files lie"
    return (
        f"预检文件夹里有 {count} 个文件，没有申报；看过预检结果后，移到 {folder} 即申报。",
        f"{files} in the folder of previews (inbox/{PREVIEWED}), not declared: moved to {folder}, they are declared.",
    )


def waiting_for_the_card(count: int, holder: str) -> Texts:
    """How many messages cannot be signed, and whose card they wait for; `holder` is empty where no card was used yet."""
    of = (f" {holder}", f" of {holder}") if holder else ("", "")
    return f"{count} 份报文等待电子口岸卡{of[0]}", f"{count} messages wait for the signing card{of[1]}"


# The operator's part in conditions that others must end.
TO_DO: dict[Party, Texts] = {
    Party.ADMINISTRATOR: (
        "请告知管理员；文件照常放入，恢复后自动处理。",
        "Tell the administrator. Go on dropping files: they are processed once this is solved.",
    ),
    Party.TOKEN: (
        "请检查 UKey 是否插好；恢复后自动继续，不要重复放入文件。",
        "Check that the token is plugged in; then work continues automatically. Do not drop files again.",
    ),
    Party.NETWORK: (
        "网络恢复后自动发送，无需处理，不要重复放入文件。",
        "Messages are sent automatically once the connection is back. Nothing to do; do not drop files again.",
    ),
    Party.E_PORT: (
        "等待电子口岸恢复，自动继续，无需处理。",
        "Work continues automatically once the e-port is back. Nothing to do.",
    ),
    Party.CUSTOMS: ("请向电子口岸查询；不要重复申报。", "Ask the e-port; do not declare again."),
    Party.CEBD: (
        "程序会自动重试，无需处理；一直如此的，请告知管理员。",
        "The program tries again automatically. If the problem stays, tell the administrator.",
    ),
}
STOPPED: list[Texts] = [
    (
        "程序已停止（{at}）：放入的文件暂不处理，不会丢失。",
        "The program has stopped ({at}). Files dropped now wait and are not lost.",
    ),
    ("自：{at}　由谁处理：管理员", "Since: {at}  Handled by: the administrator"),
    (
        "怎么办：重新启动后自动继续，不要重复放入文件。",
        "To do: work continues automatically once the program is started again. Do not drop files again.",
    ),
]
