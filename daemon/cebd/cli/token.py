"""`token list`, `accept`, `revoke`, `test` and `given`: the token on record for each signer, replacing, revoking and trying it, and what it
signed for others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cebd.cli.frame.exits import Exit, print_json, refusal_ends, say, stop
from cebd.cli.frame.language import spoken
from cebd.cli.frame.options import AsJson, SettingsFile, Yes, confirm, settings_from

if TYPE_CHECKING:
    from cebd.settings import Settings

TheSigner = Annotated[str, typer.Argument(help="The signer's name in the settings.")]


def list_(config: SettingsFile = None, as_json: AsJson = False) -> None:
    """The cards that are there now, also those that no signer uses; and the token on record for each signer. No PIN is shown.

    Example: cebd token list
    """
    from cebd.clock import SystemClock
    from cebd.operations.tokens.present import present_tokens
    from cebd.operations.tokens.record import tokens_of

    settings = settings_from(config)
    present, unseen = present_tokens(settings)
    tokens, now = tokens_of(settings.store_dir), SystemClock().now()
    if as_json:
        listed = [{**token.as_json(), "days_left": token.recorded.identity.days_left(now)} for token in tokens]
        there, away = [one.as_json() for one in present], [one.as_json() for one in unseen]
        print_json({"tokens": listed, "slots": there, "unavailable": away})
        return
    for one in present:
        first, *more = one.lines()
        say(*first)
        for line in more:
            spoken().say(line, "    ")
    for signer in unseen:
        say(*signer.line())
    say("登记的介质：", "On record:")
    if not tokens:
        say("还没有使用过任何介质。", "No token was used yet.")
    word = spoken().word
    for token in tokens:
        recorded = token.recorded
        state = word("另一介质，未使用", "another token, not used")
        if token.state == "known":
            state = f"{word('登记自', 'on record since')} {recorded.since} ({recorded.how})"
        elif token.state == "revoked":
            state = f"{word('已停用', 'revoked')} {recorded.since}: {recorded.reason}"
        days = recorded.identity.days_left(now)
        left = "" if days is None else word(f"，剩余 {days} 天", f", {days} days left")
        print(f"{token.signer}: {recorded.identity}{left}: {state}")


def accept(
    name: TheSigner,
    config: SettingsFile = None,
    yes: Yes = False,
) -> None:
    """Record another token for a signer, in place of the token on record.

    Example: cebd token accept card
    """
    from cebd.operations.tokens.record import accept, offer_of

    settings = _settings_with(name, config)
    with refusal_ends(Exit.SETTINGS):
        offer = offer_of(settings.store_dir, name)
        known = offer.on_record if offer.on_record is not None else "-"
        say(f"登记的：{known}", f"on record: {known}")
        say(f"现在的：{offer.found}", f"plugged in: {offer.found}")
        if offer.revoked is not None:
            at, why = offer.revoked.at, offer.revoked.reason
            say(f"此卡已于 {at} 停用：{why}", f"this one was revoked at {at}: {why}")
        confirm(f"{name} 改用现在的介质签名？", f"Shall {name} sign with the token that is plugged in now?", yes=yes)
        accept(settings.store_dir, offer)
    say(
        f"{name} 的介质已更换，等待的报文会自动继续。",
        f"The new token is on record for {name}; waiting messages go on by themselves.",
    )


def revoke(
    name: TheSigner,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the journal: lost, stolen, left the enterprise.")],
    config: SettingsFile = None,
    yes: Yes = False,
) -> None:
    """Stop a signer at once, because its card is lost: nothing is signed with it, and nothing that it signed is sent any more.

    Example: cebd token revoke card --reason "lost on 2026-11-26"
    """
    from cebd.operations.tokens.record import revoke, token_on_record

    settings = _settings_with(name, config)
    if not reason.strip():
        stop(Exit.SETTINGS, "请写明停用的原因（--reason）。", "Say why the card is revoked (--reason)")
    with refusal_ends(Exit.SETTINGS):
        identity = token_on_record(settings.store_dir, name)
        say(f"登记的：{identity}", f"on record: {identity}")
        confirm(f"停用 {name} 的这张卡？", f"Revoke this card of {name}?", yes=yes)
        told = revoke(settings.store_dir, name, identity, reason.strip())
    say(
        f"{name} 的卡已停用：不再用它签名，也不发送用它签名的报文。{told.anew} 份已签名、未发出的报文将用下一张卡重新签名；"
        f"{told.in_doubt} 份可能已送达，内容保持不变。新卡插上后请执行 cebd token accept {name}。",
        f"The card of {name} is revoked: nothing is signed with it, and nothing that it signed is sent. Signed anew with the next card, as "
        f"they had not left: {told.anew} message(s). {told.in_doubt} may have arrived and keep their bytes. Plug in the next card, then: "
        f"cebd token accept {name}",
    )


def test(
    name: TheSigner,
    config: SettingsFile = None,
    login: Annotated[bool, typer.Option("--login", help="Show the PIN, even one that was refused before.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Say what the token is, sign with it, verify and measure. Without --login no PIN is shown that might cost a try.

    Example: cebd token test card
    """
    from cebd.cli.frame.logs import set_up_logs
    from cebd.operations.tokens.look import look_at
    from cebd.operations.tokens.trial import measure
    from cebd.signing.signer import PinRefused

    set_up_logs()
    settings = _settings_with(name, config)
    look = look_at(settings, name)
    if not as_json:
        for line in look.lines():
            say(*line)
    if login:
        confirm(
            f"向 {name} 的介质提交一次设置中的 PIN？错误的 PIN 会用掉一次机会。",
            f"Show the PIN of the settings to {name}'s token, once? A wrong one costs a try.",
            yes=yes,
        )
    try:
        with refusal_ends(Exit.TOKEN):
            measured = measure(settings, name, by_a_person=login)
    except PinRefused as error:
        if login:
            raise
        stop(
            Exit.TOKEN,
            f"没有签名：{error.zh}。如确认 PIN 正确：cebd token test {name} --login。",
            f"Nothing was signed: {error}. Where you know that the PIN is right: cebd token test {name} --login",
        )
    if as_json:
        print_json({**look.as_json(), **measured.as_json()})
    else:
        say(*measured.line())


def given(
    config: SettingsFile = None,
    last: Annotated[int, typer.Option("--last", min=1, help="So many of the latest.")] = 20,
    as_json: AsJson = False,
) -> None:
    """What the signing endpoint signed for others: when, for whom, by which signer, and the digest of the message.

    Example: cebd token given
    """
    from cebd.operations.tokens.record import signatures_given

    signatures = signatures_given(settings_from(config).store_dir, last)
    if as_json:
        print_json({"signatures": [one.as_json() for one in signatures]})
        return
    if not signatures:
        say("没有为其他程序签过名。", "Nothing was signed for others.")
    for one in signatures:
        print(f"{one.time} {one.signer} ({one.number}) {one.kind} {one.names} <- {one.caller}")


def _settings_with(name: str, config: Path | None) -> Settings:
    settings = settings_from(config)
    if name not in settings.signer:
        names = ", ".join(settings.signer)
        stop(
            Exit.SETTINGS,
            f"设置中没有签名 {name}；现有：{names}。",
            f"There is no signer {name} in the settings; there are: {names}",
        )
    return settings
