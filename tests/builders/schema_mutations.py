"""Messages of the official field tables, and seeded changes to them: what two schemas must judge alike."""

from __future__ import annotations

import copy
import csv
import random
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

CEB = "http://www.chinaport.gov.cn/ceb"
DXP = "http://www.chinaport.gov.cn/dxp"
DS = "http://www.w3.org/2000/09/xmldsig#"

SIGNATURE = f"""<ds:Signature xmlns:ds="{DS}" Id="S1"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>
<ds:SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1"/>
<ds:Reference URI="" Type="urn:whole"><ds:Transforms>
<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>
<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116"><ds:XPath>not(x)</ds:XPath></ds:Transform>
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1"/><ds:DigestValue>AAAA</ds:DigestValue>
</ds:Reference></ds:SignedInfo><ds:SignatureValue>AAAA</ds:SignatureValue><ds:KeyInfo><ds:KeyName>0001</ds:KeyName>
<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AAAA</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>
<ds:KeyValue><ds:DSAKeyValue><ds:P>AA==</ds:P><ds:Q>AA==</ds:Q><ds:G>AA==</ds:G><ds:Y>AA==</ds:Y><ds:J>AA==</ds:J>
<ds:Seed>AA==</ds:Seed><ds:PgenCounter>AA==</ds:PgenCounter></ds:DSAKeyValue></ds:KeyValue>
<ds:KeyValue><ec:ECKeyValue xmlns:ec="urn:other"/></ds:KeyValue>
<ds:RetrievalMethod URI="#k" Type="urn:k"><ds:Transforms><ds:Transform Algorithm="urn:t"/></ds:Transforms></ds:RetrievalMethod>
<ds:PGPData><ds:PGPKeyID>AA==</ds:PGPKeyID><ds:PGPKeyPacket>AA==</ds:PGPKeyPacket></ds:PGPData>
<ds:PGPData><ds:PGPKeyPacket>AA==</ds:PGPKeyPacket><o:x xmlns:o="urn:other"/></ds:PGPData>
<ds:SPKIData><ds:SPKISexp>AA==</ds:SPKISexp><o:x xmlns:o="urn:other"/></ds:SPKIData><ds:MgmtData>m</ds:MgmtData>
<ds:X509Data><ds:X509IssuerSerial><ds:X509IssuerName>CN=a</ds:X509IssuerName><ds:X509SerialNumber>7</ds:X509SerialNumber>
</ds:X509IssuerSerial><ds:X509SKI>AA==</ds:X509SKI><ds:X509SubjectName>CN=b</ds:X509SubjectName>
<ds:X509Certificate>AAAA</ds:X509Certificate><ds:X509CRL>AA==</ds:X509CRL></ds:X509Data></ds:KeyInfo></ds:Signature>"""


def built_message(table: Path, message: str) -> etree._Element:
    """The message with every element and attribute of the official field table, each with a value that fits."""
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["message"] == message]
    space = DXP if message.startswith("Dxp") else CEB
    root = etree.Element(f"{{{space}}}{message}", nsmap={"m": space})
    elements = {message: root}
    for row in rows[1:]:
        parent_path, _, name = row["path"].rpartition("/")
        parent = elements.get(parent_path)
        if name == "dxp:DxpMsg":
            root.append(built_message(table, "DxpMsg"))
            for inner in root[-1].iter("*"):
                inner.attrib.pop("Id", None)  # an ID is unique in the document, and the outer envelope has the same
            continue
        if parent is None:
            continue
        if name == "ds:Signature":
            parent.append(etree.fromstring(SIGNATURE))
            continue
        if name.startswith("@"):
            parent.set(name[1:], "1.0" if name in ("@version", "@ver", "@Ver") else _fitting(row))
            continue
        element = elements[row["path"]] = etree.SubElement(parent, f"{{{space}}}{name}")
        if row["base_type"] != "complex" or name == "Key":
            element.text = _fitting(row)
    return root


def _fitting(row: dict[str, str]) -> str:
    kinds = {"decimal": "12.5", "int": "1", "dateTime": "2026-01-02T03:04:05", "date": "2026-01-02", "xs:ID": "I1"}
    fixed = {"currency": "142", "fFlag": "3", "iFlag": "3"}.get(row["path"].rpartition("/")[2])
    if fixed is not None:
        return fixed  # the one value the schema allows; the table does not say so
    if row["base_type"] in kinds:
        return kinds[row["base_type"]]
    return "A" * int(row["length"] or min(int(row["max_length"] or 8), 8))


# Changes. Each takes a copy of a message and a source of chance, and changes one thing.

Change = Callable[[etree._Element, random.Random], None]
_NUMBERS = """
    0 1 -1 +5 007 .5 5. 1.0 1.50 -0.00001 0.000001 12.123456 1e3 1E+05 INF NaN abc 1,000 0x10 ２０ 1۲ 2147483647 2147483648
    -2147483649 999999999 1234567890 99999999999999 999999999999999 99999999999999.99999 999999999999999.99999
    1000000000000000000 12345678901234567890 0000000000000000000000001.5 1.50000000000 true 2026-02-30 2026-01-02
    2026-01-02Z 2026-01-02T03:04:05 2026-01-02T03:04:05.123+08:00 2026-01-02T24:00:00 20260102030405
""".split()  # noqa: SIM905
_LENGTHS = (*range(6), *range(8, 22), 30, 31, 32, 33, 36, 37, 38, 50, 51, 60, 61)
_FULL = (1, 3, 4, 32, 50, 100, 200, 250, 1000)  # with a space before it: too long, unless space is collapsed
_LONG = tuple(limit + over for limit in (100, 200, 250, 255, 300, 500, 510, 1000, 4000, 5000) for over in (0, 1))


def _inner(root: etree._Element, chance: random.Random) -> etree._Element:
    return chance.choice([one for one in root.iter("*") if one is not root])


def _leaf(root: etree._Element, chance: random.Random) -> etree._Element:
    return chance.choice([one for one in root.iter("*") if len(one) == 0])


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    assert parent is not None
    return parent


def drop(root: etree._Element, chance: random.Random) -> None:
    element = _inner(root, chance)
    _parent(element).remove(element)


def duplicate(root: etree._Element, chance: random.Random) -> None:
    element = _inner(root, chance)
    element.addnext(copy.deepcopy(element))


def reorder(root: etree._Element, chance: random.Random) -> None:
    element = _inner(root, chance)
    parent = _parent(element)
    parent.remove(element)
    parent.insert(chance.randint(0, len(parent)), element)


def move_away(root: etree._Element, chance: random.Random) -> None:
    element = _inner(root, chance)
    goal = chance.choice([one for one in root.iter("*") if one not in element.iter("*")])
    _parent(element).remove(element)
    goal.append(element)


def resize(root: etree._Element, chance: random.Random) -> None:
    letter = chance.choice("A7单𠀀")
    _leaf(root, chance).text = letter * chance.choice((*_LENGTHS, *_LENGTHS, *_LONG))


def lengthen(root: etree._Element, chance: random.Random) -> None:
    leaf = _leaf(root, chance)
    leaf.text = (leaf.text or "") + chance.choice("9 单\n") * chance.randint(1, 4)


def shorten(root: etree._Element, chance: random.Random) -> None:
    leaf = _leaf(root, chance)
    leaf.text = (leaf.text or "")[: -chance.randint(1, 4)]


def empty(root: etree._Element, chance: random.Random) -> None:
    leaf = _leaf(root, chance)
    leaf.text = chance.choice((None, "", " ", "\n\t"))


def retype(root: etree._Element, chance: random.Random) -> None:
    leaf = _leaf(root, chance)
    leaf.text = chance.choice(("", " ", "\n")) + chance.choice(_NUMBERS) + chance.choice(("", "", " "))


def rename(root: etree._Element, chance: random.Random) -> None:
    element = _inner(root, chance)
    other = chance.choice(list(root.iter("*")))
    name = etree.QName(element)
    names = (name.localname + "x", name.localname.lower(), name.localname.upper(), etree.QName(other).localname)
    element.tag = f"{{{name.namespace}}}{chance.choice(names)}"


def foreign(root: etree._Element, chance: random.Random) -> None:
    element = chance.choice(list(root.iter("*")))
    space = chance.choice(("{urn:other}", "", f"{{{CEB}}}", f"{{{DXP}}}", f"{{{DS}}}"))
    if element is root:
        return
    element.tag = f"{space}{etree.QName(element).localname}"


def attribute(root: etree._Element, chance: random.Random) -> None:
    element = chance.choice([*root.iter("*"), root, root, root])
    name = chance.choice(("guid", "version", "ver", "Id", "Algorithm", "URI", "{urn:other}x", "name", "Encode"))
    element.set(name, chance.choice(("", "1.0", "2.0", "A" * 35, "A" * 36, "A" * 37, "1" * 11, "a b", "S1")))


def attribute_gone(root: etree._Element, chance: random.Random) -> None:
    carriers = [one for one in root.iter("*") if one.attrib]
    if carriers:
        element = chance.choice(carriers)
        element.attrib.pop(chance.choice(sorted(map(str, element.attrib))))


def strange_content(root: etree._Element, chance: random.Random) -> None:
    element = chance.choice(list(root.iter("*")))
    match chance.randint(0, 4):
        case 0:
            element.text = "text" + (element.text or "")
        case 1:
            element.insert(chance.randint(0, len(element)), etree.Comment("a comment"))
        case 2:
            element.insert(chance.randint(0, len(element)), etree.ProcessingInstruction("go", "x"))
        case 3:
            etree.SubElement(element, f"{{{etree.QName(root).namespace}}}surprise").text = "x"
        case _:
            etree.SubElement(element, "{urn:other}surprise").text = "x"


def multiply(root: etree._Element, chance: random.Random) -> None:
    """Records, lines, subscriptions, receivers: exactly as many as allowed, one more, one less."""
    element = chance.choice([one for one in root.iter("*") if one is not root and one.getparent() is not None])
    have = len(_parent(element).findall(str(element.tag)))
    wanted = chance.choice((2, 4, 5, 6, 98, 99, 100, 101))
    for _ in range(wanted - have):
        element.addnext(copy.deepcopy(element))


CHANGES: tuple[Change, ...] = (
    drop,
    duplicate,
    reorder,
    move_away,
    resize,
    resize,
    lengthen,
    shorten,
    empty,
    retype,
    retype,
    rename,
    foreign,
    attribute,
    attribute_gone,
    strange_content,
    multiply,
)


def values_at_the_limits(base: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """The message again and again, each time with one leaf set to a length or number near some limit."""
    values = dict.fromkeys(
        [
            "",
            "12345",
            "123456",
            *_NUMBERS,
            *("A" * length for length in (*_LENGTHS, *_LONG)),
            *(" " + "A" * n for n in _FULL),
        ]
    )
    root = copy.deepcopy(base)
    for leaf in [one for one in root.iter("*") if len(one) == 0]:
        before = leaf.text
        leaf.text = None  # where a default may stand in; an empty text is not the same
        yield f"{etree.QName(leaf).localname} with nothing in it", root
        for value in values:
            leaf.text = value
            yield f"{etree.QName(leaf).localname} = {value[:40]!r} ({len(value)})", root
        leaf.text = before
    for carrier in [one for one in root.iter("*") if one.attrib]:
        for name, before in list(carrier.attrib.items()):
            for value in values:
                carrier.set(name, value)
                yield f"{name} = {value[:40]!r} ({len(value)})", root
            carrier.set(name, before)


def counts_at_the_limits(base: etree._Element) -> Iterator[tuple[str, etree._Element]]:
    """The message again and again, each time with one element as often as may be allowed, or once more."""
    for position, element in enumerate(base.iter("*")):
        if element is base:
            continue
        for count in (0, 1, 2, 5, 6, 99, 100, 101):
            root = copy.deepcopy(base)
            changed = list(root.iter("*"))[position]
            for _ in range(count - 1):
                changed.addnext(copy.deepcopy(changed))
            if not count:
                _parent(changed).remove(changed)
            yield f"{etree.QName(element).localname} {count} times", root


def mutations(base: etree._Element, count: int, seed: int) -> Iterator[tuple[str, etree._Element]]:
    """`count` changed copies of the message with what was done to them; the same seed gives the same ones."""
    chance = random.Random(seed)
    for number in range(count):
        root = copy.deepcopy(base)
        change = CHANGES[number % len(CHANGES)]
        state = chance.getrandbits(64)
        change(root, random.Random(state))
        name = change.__name__
        if chance.random() < 0.1 and len(root):
            second = chance.choice(CHANGES)
            second(root, chance)
            name += f" then {second.__name__}"
        yield f"{name}, number {number}", root
