"""Twenty layouts of shops' platforms and ERPs, made up: their titles, their words, groups above their headings, columns of no matter.

`columns`: one line for each group; the first word is the group (`-` for none: the heading is merged down beside groups), then for each
column `field=heading`, or `=heading` for one that is not declared. What stands in no line has its official heading, behind all others.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from corpus.forms import FORMS, Form, lay_out
from corpus.sheets import TEXTS, Book, Key, Record, Row, Sheet, Value


@dataclass(frozen=True)
class Layout:
    """`form`: which records; `titles`: rows above, each with its cells; `grouped`: whether the groups stand above the headings."""

    name: str
    form: str
    columns: str
    titles: tuple[tuple[str, ...], ...] = ()
    grouped: bool = False

    def places(self) -> list[tuple[str, str, str]]:
        """Group, field, heading of each column."""
        found = []
        for line in self.columns.strip().splitlines():
            group, *columns = line.split()
            found += [(group, *column.split("=")) for column in columns]
        return [(group, field, heading.replace("~", " ").replace("^", "\n")) for group, field, heading in found]


_OF_PLATFORM = "ebpCode=电商平台代码 ebpName=电商平台名称 ebcCode=电商企业代码 ebcName=电商企业名称"
_ORDER, _LIST = "orders, flat", "inventory lists, flat"
LAYOUTS = (
    Layout(
        "a marketplace's export of orders",
        _ORDER,
        f"""
        - orderNo=订单编号 =订单状态 buyerRegNo=买家会员名 acturalPaid=买家实际支付金额 goodsValue=买家应付货款 freight=买家应付邮费
        - discount=优惠金额 taxTotal=税费 consignee=收货人姓名 consigneeAddress=收货地址 consigneeTelephone=联系手机
        - itemName=宝贝标题 qty=宝贝数量 itemNo=商家编码 =买家留言 =物流公司 {_OF_PLATFORM}
        """,
    ),
    Layout(
        "a shop's orders with a title",
        _ORDER,
        f"""
        - orderNo=订单号 =下单时间 buyerName=订购人姓名 buyerIdNumber=身份证号 buyerTelephone=订购人手机号 {_OF_PLATFORM}
        - itemNo=货号 itemName=商品名称 gmodel=规格型号 qty=数量 unit=计量单位 price=单价(元) totalPrice=小计(元)
        - goodsValue=商品总金额(元) freight=运费(元) discount=优惠(元) taxTotal=税款(元) acturalPaid=实付金额(元)
        """,
        (("测试旗舰店 2026年1月订单明细",), ()),
    ),
    Layout(
        "orders in groups, each telling whose the names are",
        _ORDER,
        f"""
        - orderNo=订单编号
        电商信息 {_OF_PLATFORM}
        订购人信息 buyerRegNo=注册号 buyerName=姓名 buyerIdNumber=证件号码 buyerTelephone=电话
        收货人信息 consignee=姓名 consigneeTelephone=电话 consigneeAddress=地址
        商品信息 itemNo=货号 itemName=企业商品名称 gmodel=规格型号 unit=单位 qty=数量 price=单价 totalPrice=总价 country=原产国
        """,
        grouped=True,
    ),
    Layout(
        "an ERP's orders with groups and a title",
        _ORDER,
        """
        订单 orderNo=订单编号 =店铺名称 =审核状态
        金额（元） goodsValue=商品价格 freight=运杂费 discount=非现金抵扣金额 taxTotal=代扣税款 acturalPaid=实际支付金额
        订购人 buyerRegNo=订购人注册号 buyerName=订购人姓名 buyerIdNumber=订购人证件号码 buyerTelephone=订购人电话
        收货人 consignee=收货人姓名 consigneeTelephone=收货人电话 consigneeAddress=收货地址
        支付 payCode=支付企业代码 payName=支付企业名称 payTransactionId=支付交易编号
        明细 gnum=序号 itemNo=商品货号 itemName=品名 gmodel=商品规格型号 unit=单位 qty=数量 price=单价 totalPrice=总价
        """,
        (("测试ERP 销售订单导出",),),
        grouped=True,
    ),
    Layout(
        "orders with units and stars in their headings",
        _ORDER,
        f"""
        - orderNo=*订单编号 {_OF_PLATFORM} goodsValue=*商品价格（元） freight=*运杂费（元） discount=*非现金抵扣金额（元）
        - taxTotal=*代扣税款（元） acturalPaid=*实际支付金额（元） buyerRegNo=*订购人注册号 buyerName=*订购人姓名
        - qty=*数量 price=*单价（元） totalPrice=*总价（元） barCode=条形码（选填）
        """,
    ),
    Layout(
        "orders with English under Chinese in a cell",
        _ORDER,
        """
        - orderNo=订单编号^Order~No. ebpCode=电商平台代码^Platform~code buyerName=订购人姓名^Buyer acturalPaid=实际支付金额^Paid
        - itemName=企业商品名称^Item qty=数量^Qty price=单价^Price totalPrice=总价^Amount unit=单位^Unit
        """,
    ),
    Layout(
        "orders as a template names them",
        _ORDER,
        """
        - orderNo=订单编号orderNo ebpCode=电商平台代码ebpCode ebcCode=电商企业代码ebcCode goodsValue=商品价格goodsValue
        - buyerName=订购人姓名buyerName buyerIdNumber=订购人证件号码buyerIdNumber consignee=收货人姓名consignee
        """,
    ),
    Layout(
        "a warehouse's inventory lists",
        _LIST,
        """
        - copNo=企业内部编号 orderNo=订单编号 logisticsNo=运单号 logisticsName=物流公司名称 =仓库 =库位 emsNo=账册号
        - itemRecordNo=备案料号 gcode=HS编码 gname=报关品名 gmodel=申报要素 qty=申报数量 unit=申报计量单位
        - qty1=法定数量 unit1=法定单位 qty2=第二法定数量 unit2=第二法定单位 grossWeight=毛重(KG) netWeight=净重(KG)
        """,
        (("保税仓出区清单", "", "", "制表日期：2026-01-05"), ()),
    ),
    Layout(
        "a declarant's inventory lists in groups",
        _LIST,
        """
        - copNo=企业内部编号 orderNo=订单编号
        物流 logisticsNo=运单号 logisticsCode=物流企业代码 logisticsName=物流企业名称
        申报 declTime=申报日期 customsCode=申报海关代码 portCode=口岸海关代码 agentCode=申报企业代码 agentName=申报企业名称
        运输 trafMode=运输方式 trafNo=运输工具编号 voyageNo=航班航次号 billNo=提运单号 head.country=启运国
        重量（公斤） grossWeight=毛重 netWeight=净重 packNo=件数
        表体 gnum=序号 gcode=商品编码 gname=商品名称 gmodel=商品规格型号 qty=数量 unit=计量单位 price=单价 totalPrice=总价
        """,
        grouped=True,
    ),
    Layout(
        "a forwarder's inventory lists",
        _LIST,
        """
        - billNo=总运单号 voyageNo=航班号 logisticsNo=快递单号 orderNo=订单号 copNo=企业唯一编号 packNo=包裹数 grossWeight=毛重（千克）
        - netWeight=净重（千克） freight=运费(元) insuredFee=保费(元) buyerName=订购人 buyerIdNumber=身份证号码 buyerTelephone=订购人手机
        - gcode=税号 gname=品名 gmodel=规格型号 qty=数量 unit=单位 price=单价(元) totalPrice=总价(元) line.country=原产国（地区）
        """,
    ),
    Layout(
        "inventory lists with groups of one column",
        _LIST,
        """
        订单信息 orderNo=订单编号
        清单信息 copNo=企业内部编号 declTime=申报时间 ieDate=进口日期
        订购人 buyerName=姓名 buyerIdNumber=证件号码 buyerTelephone=电话
        商品信息 gcode=海关商品编码 gname=商品名称 gmodel=规格型号 line.country=原产国
        商品信息 qty=成交数量 unit=成交单位 price=成交单价 totalPrice=成交总价
        """,
        grouped=True,
    ),
    Layout(
        "inventory lists, heads and lines apart",
        "inventory lists, two sheets",
        """
        - copNo=企业内部编号 orderNo=订单号 logisticsNo=运单号 emsNo=电子账册编号 areaCode=区内仓储企业代码 areaName=区内仓储企业名称
        - gcode=商品编码 gname=商品名称 itemName=企业商品品名 qty=数量 unit=计量单位
        """,
        (("跨境电商进口清单",),),
    ),
    Layout(
        "orders, heads and lines apart",
        "orders, two sheets",
        """
        - orderNo=订单编号 buyerName=购买人姓名 consigneeAddress=收货人详细地址 =发货仓
        - itemNo=SKU itemName=商品标题 qty=购买数量 price=成交单价 totalPrice=成交总价 country=产地
        """,
    ),
    Layout(
        "a payment company's settlement",
        "payments",
        """
        - payTransactionId=支付流水号 orderNo=商户订单号 amountPaid=支付金额(元) payTime=支付时间 payerName=支付人姓名 =商户号 =交易状态
        - payerIdNumber=支付人证件号码 telephone=支付人手机号
        """,
        (("支付凭证明细表",), ("商户：测试电商有限公司",)),
    ),
    Layout(
        "payments in groups",
        "payments",
        """
        - payTransactionId=支付交易编号 orderNo=订单编号
        支付企业 payCode=代码 payName=名称
        支付人 payerName=姓名 payerIdNumber=证件号码 telephone=电话
        交易 amountPaid=支付金额 payTime=支付时间
        """,
        grouped=True,
    ),
    Layout(
        "a courier's waybills",
        "waybills",
        """
        - logisticsNo=运单号 billNo=提单号 orderNo=订单号 weight=毛重(KG) packNo=件数 goodsInfo=主要货物信息 =计费重量 =网点
        - consignee=收件人 consigneeAddress=收件地址 consigneeTelephone=收件人电话 freight=运费(元) insuredFee=保价费(元)
        """,
        (("运单明细  导出时间：2026-01-05 10:15",),),
    ),
    Layout(
        "waybills in groups",
        "waybills",
        """
        - logisticsNo=物流运单编号 orderNo=订单编号 billNo=提运单号
        收货人信息 consignee=姓名 consigneeTelephone=电话 consigneeAddress=地址
        货物信息 goodsInfo=主要货物信息 weight=毛重 packNo=件数
        """,
        grouped=True,
    ),
    Layout(
        "a courier's signatures",
        "waybill statuses",
        "- logisticsNo=运单号 logisticsTime=签收时间 logisticsStatus=物流状态 =签收人 logisticsCode=物流企业代码",
    ),
    Layout(
        "a service desk's cancellations",
        "cancellations",
        """
        - copNo=内部编号 orderNo=订单号 invtNo=海关清单编号 reason=撤单原因 =申请人 =审批状态 buyerName=订购人 buyerIdNumber=身份证号码
        """,
        (("撤单申请登记表",), ()),
    ),
    Layout(
        "a returns department's goods",
        "returns",
        """
        - copNo=内部编号 invtNo=原清单编号 orderNo=订单号 logisticsNo=运单号 reason=退货原因
        退货商品 gnum=序号 gcode=商品编码 gname=商品名称 qty=退货数量 unit=计量单位
        """,
        grouped=True,
    ),
)


def lay_out_as(layout: Layout, records: list[Record], rng: Random, suffix: str) -> Book:
    """The records in that layout; in a form of file that has no merged cells, without its groups (`groups_are_kept`)."""
    form, places = FORMS[layout.form], layout.places()
    book = lay_out(_in_its_words(form, places), records, rng, suffix, _every(form), plain=False, in_order=True)
    for sheet in book.sheets:
        groups = _add_what_is_not_declared(sheet, places, rng)
        if layout.grouped:
            _group(sheet, groups)
        if sheet is book.sheets[0]:
            sheet.rows[:0] = [Row(list(title)) for title in layout.titles]
            sheet.heading += len(layout.titles)
            sheet.merged = [
                (column, first + len(layout.titles), last + len(layout.titles)) for column, first, last in sheet.merged
            ]
            sheet.across = [(row + len(layout.titles), first, last) for row, first, last in sheet.across]
    return book


def groups_are_kept(layout: Layout, suffix: str) -> bool:
    """Whether the layout can be written so: groups are merged cells, and two sheets do not go into a text."""
    return not (layout.grouped and suffix not in (".xlsx",)) and not (FORMS[layout.form].two_sheets and suffix in TEXTS)


def _every(form: Form) -> frozenset[Key]:
    return frozenset(form.headings())


def _in_its_words(form: Form, places: list[tuple[str, str, str]]) -> Form:
    words = {field: heading for _, field, heading in places if field}
    order = list(words)
    parts = []
    for part, text in (("head", form.head), ("line", form.line)):
        told = []
        for name, *spelled in (row.split() for row in text.strip().splitlines()):
            named = next((one for one in (f"{part}.{name}", name) if one in words), "")
            heading = words.get(named, spelled[0]).replace(" ", "~").replace("\n", "^")
            told.append((order.index(named) if named else len(order), f"{name} {heading}"))
        parts.append("\n".join(row for _, row in sorted(told, key=lambda one: one[0])))
    return replace(form, head=parts[0], line=parts[1])


def _add_what_is_not_declared(sheet: Sheet, places: list[tuple[str, str, str]], rng: Random) -> list[str]:
    """Columns that mean nothing to customs, each where it stands in the layout. The group of each column."""
    own = {field: group for group, field, _ in places if field}
    wanted: list[tuple[str, str]] = []
    before = ""
    for group, field, heading in places:
        if field:
            before = field
        else:
            wanted.append((before, f"{group} {heading}"))
    groups = [own.get(".".join(key), own.get(key[1], "-")) if key is not None else "-" for key in sheet.keys]
    for before, told in wanted:
        group, _, heading = told.partition(" ")
        at = next((index + 1 for index, key in enumerate(sheet.keys) if key is not None and key[1] == before), None)
        if at is None:
            continue
        sheet.keys.insert(at, None)
        groups.insert(at, group)
        for number, row in enumerate(sheet.rows):
            value: Value = heading if number == sheet.heading else rng.choice(("甲", "已发货", "A-01", None))
            row.cells.insert(at, value)
    for row in sheet.rows[sheet.heading : sheet.heading + 1]:
        row.cells = [cell.replace("^", "\n").replace("~", " ") if isinstance(cell, str) else cell for cell in row.cells]
    return groups


def _group(sheet: Sheet, groups: list[str]) -> None:
    """A row of groups above the headings: merged across their columns; what belongs to none is merged down."""
    headings = sheet.rows[sheet.heading].cells
    upper: list[Value] = []
    for index, group in enumerate(groups):
        begins = index == 0 or groups[index - 1] != group
        upper.append(headings[index] if group == "-" else group if begins else None)
        if group == "-":
            sheet.merged.append((index, sheet.heading + 1, sheet.heading + 2))
        elif begins:
            last = index
            while last + 1 < len(groups) and groups[last + 1] == group:
                last += 1
            if last > index:
                sheet.across.append((sheet.heading + 1, index, last))
    lower = [None if group == "-" else heading for group, heading in zip(groups, headings, strict=True)]
    sheet.rows[sheet.heading] = Row(lower)
    sheet.rows.insert(sheet.heading, Row(upper))
    sheet.merged = [
        one if one[1] == sheet.heading + 1 and one[2] == sheet.heading + 2 else (one[0], one[1] + 1, one[2] + 1)
        for one in sheet.merged
    ]
    sheet.heading += 1
