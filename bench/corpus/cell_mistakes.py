"""Mistakes in texts, codes and identifiers: one wrong cell each."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from corpus.kinds import ALL, WORKBOOKS, XLSX, Kind, in_a_cell
from corpus.sheets import ErrorCell, Formula, Truth

_IDENTIFIERS = "head.orderNo head.buyerTelephone head.logisticsNo head.billNo head.payTransactionId line.itemNo"
_NAMES = "head.buyerName head.ebpName head.ebcName head.agentName"
_REQUIRED = "head.buyerName head.ebpCode head.orderNo head.buyerTelephone head.consigneeAddress line.gmodel line.unit line.country"
_FULL_WIDTH = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(33, 127)})


def _inside(sign: str) -> Callable[[Random, str], str]:
    """The right value with a sign in its middle."""

    def wrong(_rng: Random, right: str) -> str:
        middle = len(right) // 2
        return right[:middle] + sign + right[middle:]

    return wrong


def _right(right: str, _wrong: str) -> str:
    return right


def _hidden(name: str, sign: str, suffixes: tuple[str, ...] = ALL) -> Kind:
    return in_a_cell(name, "CEBD-1215", _IDENTIFIERS, _inside(sign), suffixes=suffixes, suggestion=_right)


EMPTY = (
    in_a_cell("a required text is empty", "CEBD-1201", _REQUIRED, lambda _r, _v: None, suggestion=None),
    in_a_cell("a required text is blanks", "CEBD-1201", _REQUIRED, lambda _r, _v: "   "),
    in_a_cell("a required text is an ideographic space", "CEBD-1201", _NAMES, lambda _r, _v: "\u3000"),
    in_a_cell("a required text is a no-break space", "CEBD-1201", _NAMES, lambda _r, _v: "\u00a0 "),
    in_a_cell("a required text is a zero-width space", "CEBD-1201", _NAMES, lambda _r, _v: "\u200b"),
    in_a_cell(
        "a required amount is empty",
        "CEBD-1201",
        "head.goodsValue head.acturalPaid head.grossWeight line.qty line.price line.totalPrice",
        lambda _r, _v: None,
    ),
    in_a_cell("a required text is a line break", "CEBD-1201", _NAMES, lambda _r, _v: "\n"),
)
LENGTHS = (
    in_a_cell(
        "an order number of 61 characters", "CEBD-1202", "head.orderNo", lambda _r, v: (v * 9)[:61], suggestion=None
    ),
    in_a_cell("an address of 201 characters", "CEBD-1202", "head.consigneeAddress", lambda _r, v: (v * 20)[:201]),
    in_a_cell("a name of 61 characters", "CEBD-1202", "head.buyerName", lambda _r, v: (v * 30)[:61]),
    in_a_cell("a model of 511 characters", "CEBD-1202", "line.gmodel", lambda _r, v: (v.replace(" ", "") * 511)[:511]),
    in_a_cell("a copNo of 21 characters", "CEBD-1202", "head.copNo", lambda _r, v: (v * 9)[:21]),
    in_a_cell(
        "an enterprise code of 19 characters", "CEBD-1202", "head.ebcCode head.ebpCode", lambda _r, v: (v * 2)[:19]
    ),
    in_a_cell(
        "a telephone with three numbers in one cell",
        "CEBD-1202",
        "head.buyerTelephone",
        lambda _r, v: f"{v}/{v}/{v}",
    ),
    in_a_cell(
        "a district code of five digits", "CEBD-1206", "head.consigneeDistrict", lambda _r, v: v[:5], suggestion=None
    ),
    in_a_cell("a commodity code of eight digits", "CEBD-1206", "line.gcode", lambda _r, v: v[:8], suggestion=None),
    in_a_cell("a commodity code of thirteen digits", "CEBD-1206", "line.gcode", lambda _r, v: v + "999"),
    in_a_cell(
        "a commodity code with dots",
        "CEBD-1206",
        "line.gcode",
        lambda _r, v: f"{v[:4]}.{v[4:8]}.{v[8:]}",
        suggestion=_right,
    ),
    in_a_cell("a customs code of five digits", "CEBD-1206", "head.customsCode head.portCode", lambda _r, v: v + "9"),
)
CODES = (
    in_a_cell("a unit that no table has", "CEBD-1203", "line.unit line.unit1", lambda _r, _v: "999", suggestion=None),
    in_a_cell("a country that no table has", "CEBD-1203", "line.country", lambda _r, _v: "799", suggestion=None),
    in_a_cell(
        "a country in the two letters of the post", "CEBD-1206", "line.country", lambda _r, _v: "ZZ", suggestion=None
    ),
    in_a_cell(
        "a customs district that no table has", "CEBD-1203", "head.customsCode head.portCode", lambda _r, _v: "9998"
    ),
    in_a_cell("a transport mode that no table has", "CEBD-1203", "head.trafMode", lambda _r, _v: "Q", suggestion=None),
    in_a_cell("a unit by its name, 千克", "CEBD-1221", "line.unit line.unit1", lambda _r, _v: "千克", suggestion=None),
    in_a_cell("a unit by its name, 瓶", "CEBD-1221", "line.unit", lambda _r, _v: "瓶", suggestion=None),
    in_a_cell(
        "a unit by its name, blanks around", "CEBD-1221", "line.unit", lambda _r, _v: " 盒\u3000", suggestion=None
    ),
    in_a_cell("a unit by a name of three signs", "CEBD-1221", "line.unit", lambda _r, _v: "平方米", suggestion=None),
    in_a_cell("a unit by a name no table has", "CEBD-1220", "line.unit", lambda _r, _v: "大盒", suggestion=None),
    in_a_cell("a country by its name, 日本", "CEBD-1221", "line.country", lambda _r, _v: "日本", suggestion=None),
    in_a_cell(
        "a country by its name, 澳大利亚", "CEBD-1221", "line.country", lambda _r, _v: "澳大利亚", suggestion=None
    ),
    in_a_cell("a country by its letters, JPN", "CEBD-1221", "line.country", lambda _r, _v: "JPN", suggestion=None),
    in_a_cell("a country in English", "CEBD-1221", "line.country", lambda _r, _v: "Japan", suggestion=None),
    in_a_cell("a currency by its name, 人民币", "CEBD-1221", "head.currency", lambda _r, _v: "人民币", suggestion=None),
    in_a_cell("a country with one sign more", "CEBD-1221", "line.country", lambda _r, _v: "日本国", suggestion=None),
    in_a_cell("a unit by its sign, kg", "CEBD-1221", "line.unit line.unit1", lambda _r, _v: "KG", suggestion=None),
    in_a_cell(
        "a transport mode by half its name", "CEBD-1221", "head.trafMode", lambda _r, _v: "公路", suggestion=None
    ),
    in_a_cell("a kind of packages by its name", "CEBD-1221", "head.wrapType", lambda _r, _v: "纸箱", suggestion=None),
    in_a_cell(
        "a customs district by its place",
        "CEBD-1221",
        "head.customsCode head.portCode",
        lambda _r, _v: "东莞",
        suggestion=None,
    ),
    in_a_cell(
        "a district that several are called",
        "CEBD-1220",
        "head.customsCode head.portCode",
        lambda _r, _v: "济南海关",
        suggestion=None,
    ),
    in_a_cell(
        "a unit's code with another's name",
        "CEBD-1222",
        "line.unit line.unit1",
        lambda _r, _v: "122 盒",
        suggestion=None,
    ),
    in_a_cell(
        "a country's code with another's name", "CEBD-1222", "line.country", lambda _r, _v: "116-韩国", suggestion=None
    ),
    in_a_cell("a currency by its letters, CNY", "CEBD-1221", "head.currency", lambda _r, _v: "CNY", suggestion=None),
    in_a_cell("a transport mode by its name", "CEBD-1221", "head.trafMode", lambda _r, _v: "航空运输", suggestion=None),
    in_a_cell("another currency than the yuan", "CEBD-1207", "head.currency", lambda _r, _v: "502", suggestion=None),
    in_a_cell("another currency, by its name", "CEBD-1207", "head.currency", lambda _r, _v: "美元", suggestion=None),
    in_a_cell("another kind of identity paper", "CEBD-1207", "head.buyerIdType", lambda _r, _v: "2", suggestion=None),
    in_a_cell(
        "a trade mode of other declarations", "CEBD-1207", "head.tradeMode", lambda _r, _v: "0110", suggestion=None
    ),
    in_a_cell(
        "a unit that lost its zero in a number cell", "CEBD-1218", "line.unit1", lambda _r, _v: 35, suggestion="035"
    ),
    in_a_cell("a unit that lost its zero as text", "CEBD-1218", "line.unit1", lambda _r, _v: "35", suggestion="035"),
    in_a_cell("a unit that lost two zeros", "CEBD-1218", "line.unit", lambda _r, _v: 7, suggestion="007"),
    in_a_cell(
        "a customs code that lost its zero",
        "CEBD-1218",
        "head.customsCode head.portCode",
        lambda _r, _v: 208,
        suggestion="0208",
    ),
    in_a_cell(
        "a commodity code that lost its zero",
        "CEBD-1218",
        "line.gcode",
        lambda _r, _v: 409000000,
        suggestion="0409000000",
    ),
    in_a_cell(
        "a commodity code that lost its zero, as text",
        "CEBD-1218",
        "line.gcode",
        lambda _r, _v: "302130000",
        suggestion="0302130000",
    ),
)
LETTERS = (
    in_a_cell(
        "full-width digits in an identifier",
        "CEBD-1215",
        _IDENTIFIERS,
        lambda _r, v: v[:-2] + v[-2:].translate(_FULL_WIDTH),
        suggestion=_right,
    ),
    in_a_cell(
        "an identifier all in full width",
        "CEBD-1215",
        _IDENTIFIERS,
        lambda _r, v: v.translate(_FULL_WIDTH),
        suggestion=_right,
    ),
    in_a_cell(
        "an identity number in full width",
        "CEBD-1215",
        "head.buyerIdNumber head.payerIdNumber",
        lambda _r, v: v.translate(_FULL_WIDTH),
        suggestion=None,  # identity numbers are shown to nobody in full
    ),
    in_a_cell(
        "a code in full width",
        "CEBD-1215",
        "line.unit line.country",
        lambda _r, v: v.translate(_FULL_WIDTH),
        suggestion=_right,
    ),
    _hidden("a zero-width space in an identifier", "\u200b"),
    _hidden("a mark of direction in an identifier", "\u202d"),
    _hidden("a byte order mark in an identifier", "\ufeff"),
    _hidden("a soft hyphen in an identifier", "\u00ad"),
    _hidden("a no-break space in an identifier", "\u00a0"),
    _hidden("an ideographic space in an identifier", "\u3000"),
    in_a_cell("a line break in an identifier", "CEBD-1215", _IDENTIFIERS, _inside("\n"), suggestion=None),
    in_a_cell("a tab in an identifier", "CEBD-1215", _IDENTIFIERS, _inside("\t"), suggestion=None),
    in_a_cell("a backquote before an identifier", "CEBD-1215", _IDENTIFIERS, lambda _r, v: "`" + v, suggestion=_right),
    in_a_cell(
        "a curly quote before an identifier", "CEBD-1215", _IDENTIFIERS, lambda _r, v: "‘" + v, suggestion=_right
    ),
    in_a_cell("a name with damaged signs", "CEBD-1216", _NAMES, lambda _r, v: v[:-1] + "\ufffd", suggestion=None),
    in_a_cell(
        "a control sign in an address", "CEBD-1209", "head.consigneeAddress", lambda _r, v: v[:4] + "\x0b" + v[4:]
    ),
    in_a_cell("a bell in a name", "CEBD-1209", _NAMES, lambda _r, v: v + "\x07甲"),
)
CELLS = (
    in_a_cell(
        "a lookup that found nothing", "CEBD-1213", _IDENTIFIERS, lambda _r, _v: ErrorCell("#N/A"), suggestion=None
    ),
    in_a_cell("a reference that broke", "CEBD-1213", _NAMES, lambda _r, _v: ErrorCell("#REF!")),
    in_a_cell("a division by zero", "CEBD-1213", "line.price head.goodsValue", lambda _r, _v: ErrorCell("#DIV/0!")),
    in_a_cell(
        "a value error", "CEBD-1213", "line.qty head.freight line.totalPrice", lambda _r, _v: ErrorCell("#VALUE!")
    ),
    in_a_cell("a name error as text", "CEBD-1213", "head.freight line.unit", lambda _r, _v: "#NAME?"),
    in_a_cell(
        "a formula without a result in an amount",
        "CEBD-1212",
        "line.totalPrice head.goodsValue head.freight",
        lambda _r, _v: Formula("B2*C2", None),
        suffixes=XLSX,
        suggestion=None,
    ),
    in_a_cell(
        "a formula without a result in an identifier",
        "CEBD-1212",
        _IDENTIFIERS,
        lambda _r, _v: Formula('"D"&A2', None),
        suffixes=XLSX,
    ),
    in_a_cell(
        "a truth value in a text",
        "CEBD-1211",
        "line.itemNo head.buyerName",
        lambda _r, _v: Truth(True),
        suffixes=WORKBOOKS,
    ),
    in_a_cell(
        "a truth value in an amount", "CEBD-1211", "head.freight", lambda _r, _v: Truth(False), suffixes=WORKBOOKS
    ),
    in_a_cell(
        "a truth value in a code", "CEBD-1211", "line.unit line.country", lambda _r, _v: Truth(True), suffixes=WORKBOOKS
    ),
)
KINDS = (*EMPTY, *LENGTHS, *CODES, *LETTERS, *CELLS)
