"""`README.txt` of each folder: what it is for, in Chinese and English."""

from __future__ import annotations

from cebd.file_names import DECLARED, PREVIEWED, QUESTIONS

README = "README.txt"
TEMPLATES = "模板"

_ASKED_ZH = """\
不用命令也能问：新建一个空文件放进来，名字写
  状态    现在等什么、等谁、从什么时候起、怎么办
  查询    最近的文件；文件里写一行文件名或编号，就只查它
  重试    马上再试等待中的签名和发送
  模板    把模板重新放好
答复在 outbox 里。"""
_ASKED_EN = """\
To ask without a command, drop an empty file of one of these names:
  status    what waits, for whom, since when, what to do
  query     the latest files; with one line in it, a file's name or a number, that one
  retry     try now what waits to be signed or sent
  template  put the templates in their place again
The answer comes into outbox."""

TEXTS: dict[str, tuple[str, str]] = {
    "inbox": (
        f"把要申报的文件放在这里（Excel、CSV、XML）。文件静置几秒后被取走，回执在 outbox。\n"
        f"只想先看看结果的，放进 {PREVIEWED}；要查一批编号的，放进 {QUESTIONS}。\n\n{_ASKED_ZH}",
        f"Drop here what is to be declared (Excel, CSV, XML). A file is taken after a few seconds; its receipt comes into outbox.\n"
        f"Only to see what would become of it, put it into {PREVIEWED}; to ask after many numbers, put "
        f"them into {QUESTIONS}.\n\n{_ASKED_EN}",
    ),
    f"inbox/{PREVIEWED}": (
        "这里的文件只检查、不申报，结果写在文件旁边。要申报，移到 inbox（有“申报”文件夹的，移到那里）。",
        "Files here are looked at and not declared; what would become of them stands beside them. To declare one, move it to inbox "
        f"(to {DECLARED}, where there is such a folder).",
    ),
    f"inbox/{QUESTIONS}": (
        "要查一批编号的结果，把文件放在这里：文本文件每行一个编号（也可用空格、逗号分开），或者有编号列的 Excel。"
        "订单、支付、运单、清单、预录入编号、企业内部编号都可以。\n"
        "答复是 outbox 里的“查询 文件名.xlsx”，文件移到 done。这里的文件从不申报。",
        "To see what became of many numbers, put a file here: a text with a number on each line (or parted by blanks or commas), or a "
        "workbook with a column of numbers: order, payment, waybill, list, preNo, copNo.\n"
        "The answer is 查询 NAME.xlsx in outbox; the file goes to done. Nothing here is ever declared.",
    ),
    f"inbox/{DECLARED}": ("移到这里的文件会申报。", "Files moved here are declared."),
    "outbox": (
        "回执。每个文件一份工作簿：绿色已接受，蓝色已发送，橙色在等，红色没有申报或被退单。\n"
        "改好红色的单元格，保存，把回执放回 inbox：只申报还没有申报的行。customs 里是海关原始回执。",
        "Receipts, a workbook for each file: green is accepted, blue is sent, orange waits, red is not declared or was returned.\n"
        "Mend the red cells, save, and drop the receipt into inbox: only rows not declared yet are declared. customs has the raw receipts.",
    ),
    "done": (
        "已处理的原文件，按日期存放。在这里改的内容不会被读取，改好后请放回 inbox。",
        "Files that were processed, by day. What is changed here is read by nobody: drop the mended file into inbox again.",
    ),
    "error": (
        "读不了的文件；旁边的 .problem.txt 说明原因和怎么办。改好后放回 inbox。",
        "Files that cannot be read; the .problem.txt beside each says why and what to do. Mend it and drop it into inbox again.",
    ),
    "hold": (
        "整份暂缓的文件，没有申报；outbox 里的回执说明原因。",
        "Files that are held as a whole and not declared; their receipts in outbox say why.",
    ),
    TEMPLATES: (
        "六种单证的模板和操作手册。打开、填写、另存为自己的文件名，放入 inbox。示例行不会申报。",
        "Templates for six kinds of declaration, and the manual. Open one, fill it in, save it under a name of yours and drop it into "
        "inbox. The example row is never declared.",
    ),
}


def readme(folder: str) -> str:
    """The text for that folder, Chinese first. Raises KeyError."""
    return "\n\n".join(TEXTS[folder])
