"""The language that a command speaks: what `--lang` or CEBD_LANG says, else the station's; both where no settings are read.

`Commands` gives every command that option; whatever a command prints for people goes through `spoken()`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from cebd.plain import one_line

if TYPE_CHECKING:
    from cebd.operations.text import Text

F = TypeVar("F", bound=Callable[..., Any])
_LANGUAGES = ("zh", "en", "both")


class Language:
    """Texts in one language, or in both, Chinese first."""

    def __init__(self, language: str) -> None:
        self.zh, self.en = language in ("zh", "both"), language in ("en", "both")

    def lines(self, text: Text, indent: str = "") -> Iterator[str]:
        """The text, a line in each language."""
        if self.zh:
            yield f"{indent}{text.zh}"
        if self.en:
            yield f"{indent}{text.en}"

    def word(self, zh: str, en: str) -> str:
        """A word or a sentence within a line: one language where the command has one."""
        return f"{zh} {en}" if self.zh and self.en else zh if self.zh else en

    def say(self, text: Text, indent: str = "") -> None:
        """Print the text; foreign words in it stay on their line."""
        for line in self.lines(text, indent):
            print(one_line(line))


class _Wished:
    """Of the command that runs in this process: what was asked for, and what its station speaks."""

    asked: str | None = None
    of_station: str | None = None


def spoken() -> Language:
    """The language of the command that runs."""
    return Language(_Wished.asked or _Wished.of_station or "both")


def speak_as_station(language: str) -> None:
    """The settings are read: their language is spoken unless another one is asked for."""
    _Wished.of_station = language


def _ask(context: typer.Context, language: str | None) -> str | None:
    above = context.parent
    while language is None and above is not None:
        language, above = above.params.get("lang"), above.parent  # asked of cebd, or of the group of commands
    if language is not None and language not in _LANGUAGES:
        raise typer.BadParameter(f"没有语言 there is no language {language}; {', '.join(_LANGUAGES)}")
    _Wished.asked, _Wished.of_station = language, None
    return language


_InLanguage = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="[zh|en|both]",
        callback=_ask,
        is_eager=True,
        envvar="CEBD_LANG",
        show_envvar=False,
        help="Language (default: that of the settings).",
    ),
]


class Commands(typer.Typer):
    """As typer's own, and each command has the option `--lang`; so has a group that is a command itself."""

    def command(self, *arguments: Any, **options: Any) -> Callable[[F], F]:
        """As typer's (`Any`: its options, and those of a command, are its own)."""
        return _with_language(super().command(*arguments, **options))

    def callback(self, *arguments: Any, **options: Any) -> Callable[[F], F]:
        """As `command`, for what a group does where none of its commands is named."""
        return _with_language(super().callback(*arguments, **options))


def _with_language(register: Callable[[Callable[..., Any]], object]) -> Callable[[F], F]:
    def registered(function: F) -> F:
        register(_speaking(function))
        return function

    return registered


def _speaking(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the option as its last; typer asks the signature."""

    @wraps(function)
    def speaking(**options: Any) -> Any:
        del options["lang"]  # heard by `_ask` already
        return function(**options)

    signature = inspect.signature(function, eval_str=True)
    option = inspect.Parameter("lang", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=_InLanguage)
    speaking.__signature__ = signature.replace(parameters=[*signature.parameters.values(), option])  # type: ignore[attr-defined]  # as inspect reads it
    return speaking


__all__ = ["Commands", "Language", "speak_as_station", "spoken"]
