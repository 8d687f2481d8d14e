"""Thousands of SM2 signatures, each judged by OpenSSL: a short r or s comes once in 128, and tells only then whether it is filled up.

./dev soak sm2 --signatures 3000        (`./dev soak sm2`)
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from builders.certificates import Sm2Authority, sm2_key
from builders.sm2 import openssl_accepts_sm2
from cebd.signing.sm2 import DEFAULT_ID, der_of, holds, raw_of


def campaign(count: int) -> bool:
    """Sign so many texts; true when each value has 64 bytes, comes back out of DER and is accepted, and short ones were among them."""
    key = sm2_key("the soak's")
    certificate = Sm2Authority().issue(key)
    seen: Counter[str] = Counter()
    for number in range(count):
        text = b"<ds:SignedInfo>%d</ds:SignedInfo>" % number
        value = key.sign(text, DEFAULT_ID)
        seen["short"] += 0 in (value[0], value[32])
        seen["of 64 bytes"] += len(value) == 64
        seen["back out of DER"] += raw_of(der_of(value)) == value
        seen["accepted here"] += holds(key.point, text, value, DEFAULT_ID)
        seen["accepted by OpenSSL"] += openssl_accepts_sm2(certificate, value, text)
    for what, times in seen.items():
        print(f"{times:6} {what}")
    return seen.pop("short") > 0 and set(seen.values()) == {count}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--signatures", type=int, default=3000)
    kept = campaign(arguments.parse_args().signatures)
    print("every promise kept" if kept else "NOT as promised")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
