"""Answers of customs about declarations of every type: receipts, tax bills, refusals of whole messages, the platform's word."""

from __future__ import annotations

from typing import Any

from builders.customs_messages import CEB
from builders.declared import AGENT, EBC, EBP, declare
from cebd.records.ids import RecordId
from cebd.store.store import Store

DXP = "http://www.chinaport.gov.cn/dxp"
LIST_NO, OTHER_LIST_NO = "51412026I000000001", "51412026I000000002"
KEYS = {
    "CEB311": (f"{EBP}\x1f{EBC}\x1fN1", {"ebpCode": EBP, "ebcCode": EBC, "orderNo": "N1"}),
    "CEB411": ("N1\x1f9900000005", {"payTransactionId": "N1", "payCode": "9900000005"}),
    "CEB511": ("N1\x1f9900000003", {"logisticsNo": "N1", "logisticsCode": "9900000003"}),
    "CEB513": ("N1\x1f9900000003\x1fS", {"logisticsNo": "N1", "logisticsCode": "9900000003", "logisticsStatus": "S"}),
    "CEB621": (f"N1\x1f{AGENT}", {"copNo": "N1", "agentCode": AGENT, "preNo": "B20260304000000001"}),
    "CEB623": (f"N1\x1f{AGENT}", {"copNo": "N1", "preNo": "B20260304000000002", "invtNo": LIST_NO}),
    "CEB625": (f"N1\x1f{AGENT}", {"copNo": "N1", "preNo": "B20260304000000003", "invtNo": LIST_NO}),
    "CEB711": ("N1\x1f9900000006", {"copNo": "N1", "preNo": "B20260304000000004"}),
}
NUMBERS = ("preNo", "invtNo", "rkdNo")  # of platform and customs: they come with a key and are none
RECORDS = {
    "CEB312": "OrderReturn",
    "CEB412": "PaymentReturn",
    "CEB512": "LogisticsReturn",
    "CEB514": "LogisticsStatusReturn",
    "CEB622": "InventoryReturn",
    "CEB624": "InvtCancelReturn",
    "CEB626": "InvtRefundReturn",
    "CEB712": "DeliveryReturn",
}


def declare_n1(store: Store, code: str, **columns: Any) -> RecordId:
    """A record of that type with the number N1, handed over; its message's own text plays no part."""
    (mine,) = declare(store, "N1", code=code, **{"key": KEYS[code][0], **columns})
    return mine


def an_answer(code: str, status: str, at: str, *, leave_out: tuple[str, ...] = (), **given: str) -> bytes:
    """A receipt message about the record N1 of that type, with the keys that such receipts have."""
    receipt = f"CEB{int(code[3:]) + 1}"
    said = {"returnStatus": status, "returnTime": f"20260304{at}000", "returnInfo": f"回执{status}"}
    fields = "".join(
        f"<{name}>{text}</{name}>" for name, text in {**KEYS[code][1], **said, **given}.items() if name not in leave_out
    )
    record = RECORDS[receipt]
    return f'<{receipt}Message xmlns="{CEB}" guid="x"><{record}>{fields}</{record}></{receipt}Message>'.encode()


LIST_ENTERED = an_answer("CEB621", "120", "100000", invtNo=LIST_NO)
CANCELLATION_GRANTED = an_answer("CEB623", "399", "110000")


def a_tax_bill(number: str, status: str, at: str, *, list_no: str = LIST_NO, code: str = "CEB816") -> bytes:
    head = "TaxHeadRd" if code == "CEB816" else "TaxHeadStatus"
    inner = f"<returnTime>20260305{at}000</returnTime><invtNo>{list_no}</invtNo><taxNo>{number}</taxNo>"
    inner += f"<status>{status}</status>"
    return f'<{code}Message xmlns="{CEB}" guid="x"><Tax><{head}>{inner}</{head}></Tax></{code}Message>'.encode()


def a_format_refusal(cop_msg_id: str, *, quoted: str = "", status: str = "-1") -> bytes:
    return (
        f'<CEB900Message xmlns="{CEB}" guid="AAAAAAAA-0000-4000-8000-000000000000" version="1.0"><MessageReturn>'
        "<guid>AAAAAAAA-0000-4000-8000-000000000001</guid>"
        f"<returnStatus>{status}</returnStatus><returnInfo>格式校验不通过</returnInfo>"
        f"<returnTime>20260304090001000</returnTime><oriCopMsgId>{cop_msg_id}</oriCopMsgId>"
        f"<oriMessageType>CEB311Message</oriMessageType><oriBizMessage><![CDATA[{quoted}]]></oriBizMessage>"
        "</MessageReturn></CEB900Message>"
    ).encode()


def a_platform_answer(cop_msg_id: str, code: str, info: str = "") -> bytes:
    return (
        f'<DxpRep xmlns="{DXP}" ver="1.0"><RecevierId>DXPTEST000000001</RecevierId><Response>'
        f"<ResponseCode>{code}</ResponseCode><ResponseInfo>{info}</ResponseInfo><NoticeTime>2026-03-04</NoticeTime>"
        f"<OriHead><CopMsgId>{cop_msg_id}</CopMsgId><SenderId>DXPTEST000000001</SenderId><ReceiverIds>"
        "<ReceiverId>DXPEDCCEB0000002</ReceiverId></ReceiverIds><CreatTime>2026-03-04T09:00:00</CreatTime>"
        "<MsgType>CEB311Message</MsgType></OriHead></Response></DxpRep>"
    ).encode()
