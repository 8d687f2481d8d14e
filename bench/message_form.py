"""What a script needs to know of a message to write it from a workbook: its elements in their order, and values that no column has.

For the scripts that cebd is compared with; they know nothing else of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Form:
    """`number`: the element that tells one record from the next."""

    code: str
    record: str
    number: str
    head: list[str]
    line: list[str]
    fixed: dict[str, str] = field(default_factory=dict)

    @property
    def head_name(self) -> str:
        return f"{self.record}Head"

    @property
    def line_name(self) -> str:
        return f"{self.record}List"


def _names(text: str) -> list[str]:
    return text.split()


_FIXED = {"appType": "1", "appStatus": "2", "currency": "142", "buyerIdType": "1"}
ORDER = Form(
    "CEB311",
    "Order",
    "orderNo",
    _names(
        "guid appType appTime appStatus orderType orderNo ebpCode ebpName ebcCode ebcName goodsValue freight discount taxTotal "
        "acturalPaid currency buyerRegNo buyerName buyerTelephone buyerIdType buyerIdNumber consignee consigneeTelephone "
        "consigneeAddress"
    ),
    _names("gnum itemNo itemName gmodel unit qty price totalPrice currency country"),
    {**_FIXED, "orderType": "I"},
)
INVENTORY = Form(
    "CEB621",
    "Inventory",
    "copNo",
    _names(
        "guid appType appTime appStatus orderNo ebpCode ebpName ebcCode ebcName logisticsNo logisticsCode logisticsName copNo "
        "assureCode ieFlag declTime customsCode portCode ieDate buyerIdType buyerIdNumber buyerName buyerTelephone "
        "consigneeAddress agentCode agentName tradeMode trafMode trafNo voyageNo billNo country freight insuredFee currency "
        "wrapType packNo grossWeight netWeight"
    ),
    _names("gnum itemNo gcode gname gmodel country currency qty unit qty1 unit1 price totalPrice"),
    {**_FIXED, "ieFlag": "I"},
)
FORMS = {form.code: form for form in (ORDER, INVENTORY)}
