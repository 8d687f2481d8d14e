"""`./dev bench tokens`: how busy a token as slow as a customs' card is kept, what three of them do beside one, and SM2 in software.

The tokens are SoftHSM2's behind a library that takes 238 ms for a signature (4.2 a second), as the tests have them.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from structlog.testing import capture_logs

from benchmark import Figure, Options, Result
from sheets import orders

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from builders.certificates import Sm2Authority, sm2_key, write_pem, write_sm2_key
from builders.softhsm import FaultyLibrary, SoftHsm
from builders.stations import TryStation
from builders.waiting import until
from cebd.signing.signers.kind import SignerContext
from cebd.signing.signers.kinds import open_signer
from cebd.signing.signers.software.settings import SoftwareSettings

BUSY_LIMIT, THREE_LIMIT = 95.0, 2.85  # percent; times one
SM2_LIMIT, VERIFIED_LIMIT = 500.0, 200.0  # a second and core
_TEXT = b"a SignedInfo is about that long".ljust(700, b".")
_AWAY = 0x32  # CKR_DEVICE_REMOVED
_FIRST = 3  # signatures that are not counted: logins, the first batch


def measure(options: Options) -> Result:
    milliseconds, counted = options.size(238, 20), options.size(60, 3)
    with tempfile.TemporaryDirectory(prefix="cebd-bench-") as name:
        folder = Path(name)
        one = _signatures_a_second(folder / "one", 1, milliseconds, counted, cold=not options.quick)
        three = _signatures_a_second(folder / "three", 3, milliseconds, counted, cold=not options.quick)
        beside = _signatures_a_second(
            folder / "beside", 3, milliseconds, counted, cold=not options.quick, one_enterprise=True
        )
        alone, verified = _sm2(folder, options.size(2000, 20))
    return Result(
        "tokens",
        f"{counted} signatures on each of one and of three tokens that take {milliseconds} ms for one, from a full queue",
        (
            Figure("one token busy", one * milliseconds / 10, "%", BUSY_LIMIT, at_least=True),
            Figure("three tokens, times one", three / one, "", THREE_LIMIT, at_least=True),
            Figure("three of one enterprise, times one", beside / one, "", THREE_LIMIT, at_least=True),
            Figure("one token, signatures", one, "/s", aside=True),
            Figure("three tokens, signatures", three, "/s", aside=True),
            Figure("SM2 in software, signatures", alone, "/s and core", SM2_LIMIT, at_least=True),
            Figure("SM2 in software, verified too", verified, "/s and core", VERIFIED_LIMIT, at_least=True),
        ),
    )


def _signatures_a_second(
    folder: Path, tokens: int, milliseconds: int, counted: int, *, cold: bool, one_enterprise: bool = False
) -> float:
    """Of a whole station with an enterprise for each token, or one for all, each with a workbook whose messages wait to be signed."""
    folder.mkdir()
    with TryStation(folder, by_folder=True, audited=False) as station:
        hsm, library = SoftHsm(folder / "token"), FaultyLibrary(folder / "library")
        station.use_faulty_token(hsm, library)
        inboxes = [station.inbox]
        keys = station.settings_path.parent / "keys"
        for number in range(2, tokens + 1):
            inboxes.append(_another(station, hsm, library, keys, number) / "inbox")
        if one_enterprise:
            cards = ", ".join(f'"{name}"' for name in ("trial", *(f"card{number}" for number in range(2, tokens + 1))))
            station.change_settings('signer = "trial"', f"signer = [{cards}]")
            inboxes = inboxes[:1]
        library.fail(gone=_AWAY)  # until all that is to be signed waits
        station.start(cold=cold)
        count = 100 * (counted + 2 * _FIRST) * tokens // len(inboxes)
        for number, inbox in enumerate(inboxes):
            until(inbox.is_dir, f"{inbox}")
            (inbox / ".a.part").write_bytes(orders(count, first=1 + number * count).read_bytes())
            (inbox / ".a.part").rename(inbox / "a.xlsx")
        until(lambda: station.log().count("file converted") == len(inboxes), "all to be converted", 120)
        library.fail(hang=milliseconds)
        until(lambda: library.calls("sign") > _FIRST * tokens, "the first signatures")
        before, began = library.calls("sign"), time.perf_counter()
        until(lambda: library.calls("sign") >= before + counted * tokens, "the signatures", 120)
        signed, took = library.calls("sign") - before, time.perf_counter() - began
        station.kill()
    return signed / took


def _another(station: TryStation, hsm: SoftHsm, library: FaultyLibrary, keys: Path, number: int) -> Path:
    """One more enterprise, with a token of its own; its folder."""
    token, signer = f"EPORT{number}", f"card{number}"
    hsm.make_token(token)
    hsm.import_key(token, keys / "trial.key.pem")
    hsm.import_certificate(token, keys / "trial.cert.der")
    folder = station.add_enterprise(f"enterprise-{number}")
    before, _, after = station.settings_path.read_text(encoding="utf-8").rpartition('signer = "trial"')
    card = f'\n[signer.{signer}]\ntype = "pkcs11"\nmodule = "{library.module}"\ntoken = "{token}"\npin = {{ file = "keys/pin" }}\n'
    station.settings_path.write_text(f'{before}signer = "{signer}"{after}{card}', encoding="utf-8")
    return folder


def _sm2(folder: Path, count: int) -> tuple[float, float]:
    """Signatures for each second of a processor: made, and made and verified."""
    write_sm2_key(folder / "sm2.key.pem", sm2_key("bench"))
    write_pem(folder / "sm2.cert.pem", Sm2Authority().issue(sm2_key("bench"), 0xB1))
    files = {"key": folder / "sm2.key.pem", "cert": folder / "sm2.cert.pem"}
    settings = SoftwareSettings.model_validate({"type": "software", **files})
    with capture_logs():  # it warns that a key file is for trials only
        signer = open_signer(settings, SignerContext(folder))
    certificate, rates = signer.certificate().x509, []
    for verifies in (False, True):
        began = time.process_time()
        for _ in range(count):
            value = signer.sign(_TEXT)
            if verifies:
                signer.profile.verify(certificate, value, _TEXT)
        rates.append(count / (time.process_time() - began))
    return rates[0], rates[1]
