"""`sign` and `verify`: one message file at a time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop, usable
from cebd.cli.frame.options import AsJson, SettingsFile, settings_from

if TYPE_CHECKING:
    from cebd.signing.signer import Signer

TheMessage = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A CEB message (XML).")]


def sign(
    file: TheMessage,
    out: Annotated[Path, typer.Option("-o", "--output", help="Where the signed message goes: a new file.")],
    signer: Annotated[str | None, typer.Option("--signer", help="A signer of the settings.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="A key file (PEM, RSA or SM2), for trials.")] = None,
    cert: Annotated[Path | None, typer.Option("--cert", help="Its certificate (PEM).")] = None,
    config: SettingsFile = None,
    as_json: AsJson = False,
) -> None:
    """Sign a message, bare or in its envelope. The signature is verified before the file is written; a placeholder is replaced.

    Example: cebd sign message.xml -o signed.xml --signer trial
    """
    from cebd.cli.frame.logs import set_up_logs
    from cebd.operations import signatures

    set_up_logs()
    with refusal_ends(Exit.SETTINGS):
        signatures.require_new(out)
    signing = _signer(signer, key, cert, config)
    try:
        with refusal_ends(Exit.REJECTED), usable(out):
            made = signatures.sign(file, out, signing)
    finally:
        signing.close()
    if as_json:
        print_json(made.as_json())
    else:
        say(
            f"{out}：已用证书 {made.certificate} 签名（{made.profile}）。",
            f"{out}: signed with certificate {made.certificate} ({made.profile})",
        )


def verify(
    file: TheMessage,
    trusted: Annotated[Path | None, typer.Option("--trusted", help="The authority's certificate (PEM).")] = None,
    sm2_id: Annotated[
        list[str] | None, typer.Option("--sm2-id", help="A user id that SM2 signatures may be made with, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what is signed, by whom and how, in its envelope or bare: exit 0 when it holds (and the authority issued the certificate).

    Example: cebd verify signed.xml
    """
    from cebd.operations import signatures

    with refusal_ends(Exit.SETTINGS), usable(trusted or file):
        judgement = signatures.judge(file, trusted, sm2_id or ())
    if as_json:
        print_json(judgement.as_json())
    else:
        for line in judgement.lines():
            say(*line)
    raise SystemExit(int(Exit.DONE if judgement.reason is None else Exit.REJECTED))


def _signer(name: str | None, key: Path | None, cert: Path | None, config: Path | None) -> Signer:
    if (name is None) == (key is None):
        stop(
            Exit.SETTINGS,
            "请指明设置中的一个签名（--signer 名称），或一个密钥文件（--key K.pem --cert C.pem）。",
            "Name a signer of the settings (--signer NAME), or a key file (--key K.pem --cert C.pem)",
        )
    if key is not None:
        from cebd.signing.signers.software.signer import SoftwareSigner

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
    return open_signer(settings.signer[name], SignerContext(settings.base))
