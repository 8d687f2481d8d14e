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
    "settings:": ("设置有误，部分功能已停用", "the settings have a mistake; part of the program is switched off"),
    "store:": ("程序的数据需要管理员检查", "the administrator must check the program's data"),
    "work:": ("程序处理时遇到问题，正在自动重试", "the program met a problem and is trying again"),
    "clock:": ("本机时钟不准", "this computer's clock is wrong"),
    "receipt:": ("有回执需要管理员检查", "the administrator must check receipts"),
    "outbox:": ("回执文件夹写不进去，回执暂未更新", "the receipts cannot be written at the moment"),
}
NO_RECEIPT: Texts = ("有报文发送后迟迟没有回执", "messages were sent and have no receipt yet")
TO_BE_DECIDED: Texts = (
    "数据库恢复后有记录待核实是否已申报",
    "the database was restored; for some records it must be clarified whether they were declared",
)
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
        "The program has stopped ({at}). Files dropped now wait and are not lost.",
    ),
    ("自：{at}　由谁处理：管理员", "Since: {at}  Handled by: the administrator"),
    (
        "怎么办：重新启动后自动继续，不要重复放入文件。",
        "To do: work continues automatically once the program is started again. Do not drop files again.",
    ),
]
