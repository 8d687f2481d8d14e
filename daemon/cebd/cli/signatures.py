"""`sign` and `verify`: one message file at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, say, stop, usable
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from

if TYPE_CHECKING:
    from cebd.signing.signer import Signer

TheMessage = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CEB message (XML).")]


def sign(
    file: TheMessage,
    out: Annotated[Path, typer.Option("-o", "--output", help="Where the signed message goes.")],
    signer: Annotated[str | None, typer.Option("--signer", help="A signer of the settings.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="A key file (PEM), for trials.")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", help="Its certificate (PEM).")] = None,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign a message, bare or in its envelope. The signature is verified before the file is written; a placeholder is replaced."""
    from cebd.cli.frame.logs import set_up_logs
    from cebd.disk import write_file
    from cebd.messages.schema import NotXml
    from cebd.signing.sign_file import sign_document

    set_up_logs()
    signing = _signer(signer, key, cert, config)
    try:
        signed = sign_document(file.read_bytes(), signing)
        number = signing.certificate().number
    except NotXml as error:
        stop(
            Exit.REJECTED,
            f"{file}：不是可以签名的报文（{error}）。",
            f"{file}: this is not a message that can be signed: {error}",
        )
    finally:
        signing.close()
    with usable(out):
        write_file(out, signed)
    if as_json:
        print_json({"file": str(file), "signed": str(out), "certificate": number})
    else:
        say(f"{out}：已用证书 {number} 签名。", f"{out}: signed with certificate {number}")


def verify(
    file: TheMessage,
    trusted: Annotated[Path | None, typer.Option("--trusted", help="The authority's certificate (PEM).")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the signature of a message, bare or in its envelope: exit 0 when it is valid (and the authority issued the certificate)."""
    from cryptography import x509

    from cebd.messages.envelope import message_of
    from cebd.messages.schema import NotXml, parse_xml
    from cebd.signing.signer import Certificate
    from cebd.signing.verification import BadSignature
    from cebd.signing.verification import verify as verify_root

    authority = None
    if trusted is not None:
        try:
            with usable(trusted):
                authority = Certificate(x509.load_pem_x509_certificate(trusted.read_bytes()))
        except ValueError:
            stop(Exit.SETTINGS, f"{trusted}：不是 PEM 格式的证书。", f"{trusted}: this is not a PEM certificate")
    reason, number, chain = None, None, None
    try:
        verified = verify_root(message_of(parse_xml(file.read_bytes(), huge=True)), authority)
        number, chain = verified.certificate.number, verified.trusted
        if chain is False:
            reason = "the signature is valid, but another authority issued the certificate"
    except (BadSignature, NotXml) as error:
        reason = str(error)
    if as_json:
        print_json(
            {"file": str(file), "valid": reason is None, "certificate": number, "trusted": chain, "reason": reason}
        )
    elif reason is None:
        issued = ("，由所指的机构签发", ", issued by the authority") if chain else ("", "")
        say(
            f"{file}：签名有效，证书 {number}{issued[0]}。",
            f"{file}: the signature is valid, certificate {number}{issued[1]}",
        )
    elif chain is False:
        say(f"{file}：签名有效，但证书不是由所指的机构签发。", f"{file}: NOT valid: {reason}")
    else:
        say(f"{file}：签名无效（{reason}）。", f"{file}: NOT valid: {reason}")
    raise SystemExit(int(Exit.DONE if reason is None else Exit.REJECTED))


def _signer(name: str | None, key: Path | None, cert: Path | None, config: Path | None) -> Signer:
    if (name is None) == (key is None):
        stop(
            Exit.SETTINGS,
            "请指明设置中的一个签名（--signer 名称），或一个密钥文件（--key K.pem --cert C.pem）。",
            "Name a signer of the settings (--signer NAME), or a key file (--key K.pem --cert C.pem)",
        )
    if key is not None:
        from cebd.signing.signers.software import SoftwareSigner

        return SoftwareSigner.load(key, cert, None)
    from cebd.signing.signers.kind import SignerContext
    from cebd.signing.signers.kinds import open_signer

    settings = settings_from(config)
    if name is None or name not in settings.signer:
        names = ", ".join(settings.signer)
        stop(
            Exit.SETTINGS,
            f"设置中没有 [signer.{name}]；现有：{names}。",
            f"There is no [signer.{name}] in the settings; there are: {names}",
        )
    return open_signer(settings.signer[name], SignerContext(settings.base, settings.pin_note(name)))
