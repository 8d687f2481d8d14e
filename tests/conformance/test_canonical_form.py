"""What cebd digests is the canonical form by C14N 1.0, as libxml2's xmllint writes it, on documents of every odd kind.

The algorithm that messages name leaves comments out, and xmllint keeps them: each document is made twice, with comments and without.
"""

from __future__ import annotations

import base64
import re
import shutil
import subprocess
from hashlib import sha1

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from builders.certificates import Authority, a_signer
from builders.customs_messages import new_guid
from builders.examples import examples
from cebd.messages.compose import Sender, compose, element
from cebd.messages.description import message_type
from cebd.messages.schema import parse_xml
from cebd.signing.sign_file import sign_document
from cebd.signing.verification import verify_bytes
from cebd.signing.xmldsig import canonical_unsigned, sign_canonical

pytestmark = pytest.mark.skipif(shutil.which("xmllint") is None, reason="xmllint is not installed (libxml2-utils)")

SIGNER = a_signer(Authority())
NAMES = ("a", "Order", "b.1", "订单", "_x")
PREFIXES = ("", "ceb", "a", "ds", "xsi")
ADDRESSES = ("http://www.chinaport.gov.cn/ceb", "urn:unused", "urn:a:b", "http://www.w3.org/2001/XMLSchema-instance")
MARK = "\0"  # stands around comments, so that the same document can be written without them

plain = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Cn"), exclude_characters="<&]\"'\ufffe\uffff"),
    min_size=1,
    max_size=8,
)
odd = st.sampled_from(
    [
        "&#13;",
        "&#xD;\n",
        "\r\n",
        "\r",
        "\n  ",
        "\t",
        " ",
        "&lt;",
        "&gt;",
        "&amp;",
        "&quot;",
        "&apos;",
        "&#x20BB7;",
        "🚢",
        "'",
        "&#9;",
    ]
)
comment = plain.map(lambda text: f"{MARK}<!--{text.replace('-', '')}-->{MARK}")
instruction = st.tuples(
    st.sampled_from(["go", "xml-stylesheet", "订"]), plain | st.just("</a> <!-- x -->") | st.just("")
).map(lambda pair: f"<?{pair[0]} {pair[1].replace('?', '')}?>")
cdata = (plain | st.sampled_from(["<&>", "]]", "\r\n", "&amp;", ""])).map(lambda text: f"<![CDATA[{text}]]>")
outside = st.lists(instruction | comment | st.sampled_from(["\n", " ", "\r\n"]), max_size=4).map("".join)


@st.composite
def an_element(draw: st.DrawFn, scope: dict[str, str], depth: int) -> str:
    """An element in that scope of prefixes, which it may widen, hide or (the default one) undeclare."""
    declared = draw(st.dictionaries(st.sampled_from(PREFIXES), st.sampled_from(ADDRESSES), max_size=3))
    if "" not in declared and draw(st.integers(0, 5)) == 0:
        declared[""] = ""
    scope = {**scope, **declared}
    prefixes = [prefix for prefix in scope if prefix]
    pieces = [f'xmlns{":" if prefix else ""}{prefix}="{address}"' for prefix, address in declared.items()]
    given_names = set()
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
        prefix = draw(st.sampled_from(["", *prefixes]))
        expanded = (scope[prefix] if prefix else "", name)
        if expanded not in given_names:
            given_names.add(expanded)
            value = draw(st.lists(plain | odd, max_size=3).map("".join)).replace('"', "")
            pieces.append(f'{prefix}{":" if prefix else ""}{name}="{value}"')
    if draw(st.booleans()) and depth == 1:
        pieces.append(f'xml:{draw(st.sampled_from(["lang", "space"]))}="default"')
    pieces = draw(st.permutations(pieces))
    prefix = draw(st.sampled_from(["", *prefixes]))
    name = f"{prefix}{':' if prefix else ''}{draw(st.sampled_from(NAMES))}"
    space = draw(st.sampled_from([" ", "\n", "\r\n  ", "\t"]))
    start = space.join([name, *pieces])
    inside = [plain, odd, comment, instruction, cdata]
    if depth < 3:
        inside += [an_element(scope, depth + 1)] * 2
    content = "".join(draw(st.lists(st.one_of(inside), max_size=5)))
    if not content and draw(st.booleans()):
        return f"<{start}{draw(st.sampled_from(['', ' ']))}/>"
    return f"<{start}>{content}</{name}{draw(st.sampled_from(['', ' ']))}>"


@st.composite
def a_document(draw: st.DrawFn) -> str:
    declaration = draw(st.sampled_from(["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8'?>\n"]))
    return declaration + draw(outside) + draw(an_element({}, 0)) + draw(outside)


def with_comments(document: str) -> bytes:
    return document.replace(MARK, "").encode()


def without_comments(document: str) -> bytes:
    return re.sub(f"{MARK}.*?{MARK}", "", document, flags=re.DOTALL).encode()


def by_xmllint(document: bytes) -> bytes:
    """The canonical form of a document that holds no comment."""
    command = ["xmllint", "--nonet", "--c14n", "-"]
    return subprocess.run(command, input=document, check=True, capture_output=True).stdout


@settings(
    max_examples=examples(60, 2000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(a_document())
def test_the_canonical_form_is_that_of_xmllint(document: str) -> None:
    digested, _ = canonical_unsigned(parse_xml(with_comments(document), huge=True))
    assert digested == by_xmllint(without_comments(document))


@settings(
    max_examples=examples(30, 500),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(a_document())
def test_what_a_signature_states_is_the_digest_of_that_form(document: str) -> None:
    signed = sign_document(with_comments(document), SIGNER)
    assert stated_digest(signed) == sha1(by_xmllint(without_comments(document))).digest()
    verify_bytes(signed)


@settings(max_examples=examples(30, 500), deadline=None)
@given(
    st.lists(plain | st.sampled_from(["<", "&", ">", "\r", "\n", "\t", '"', "'", "]]>", "𠮷"]), max_size=6).map("".join)
)
def test_a_message_is_composed_in_canonical_form(text: str) -> None:
    body = compose(message_type("order"), new_guid(), [element("note", text)], Sender("99", text, "DXPTEST000000001"))
    canonical = by_xmllint(body)
    assert body == canonical
    assert stated_digest(sign_canonical(body, SIGNER)) == sha1(canonical).digest()


@pytest.mark.parametrize(
    ("document", "canonical"),
    [
        ("<a>x<!-- - -->y</a>", "<a>xy</a>"),
        ("<!-- 1 -->\n<?go on?>\n<a/>\n<!-- 2 -->\n<?b?>", "<?go on?>\n<a></a>\n<?b?>"),
        ("<a b='\t\r\n&#9;&#10;&#13;\"'/>", '<a b="  &#x9;&#xA;&#xD;&quot;"></a>'),
        ("<a>\r\n&#13;<![CDATA[<&>\r]]></a>", "<a>\n&#xD;&lt;&amp;&gt;\n</a>"),
        ("<a xmlns='urn:x'><b xmlns=''/></a>", '<a xmlns="urn:x"><b xmlns=""></b></a>'),
        ("<a xmlns:c='urn:x'><c:b xmlns:c='urn:x'/></a>", '<a xmlns:c="urn:x"><c:b></c:b></a>'),
    ],
)
def test_the_canonical_form_by_hand(document: str, canonical: str) -> None:
    assert canonical_unsigned(parse_xml(document.encode()))[0].decode() == canonical


def stated_digest(signed: bytes) -> bytes:
    found = re.search(rb"<ds:DigestValue>(.*)</ds:DigestValue>", signed)
    assert found is not None
    return base64.b64decode(found[1])
