"""`completion`: the script by which a shell completes commands and options of cebd."""

from __future__ import annotations

from typing import Annotated, Literal

import typer


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell", "pwsh"], typer.Argument(help="The shell that is to complete.")
    ],
) -> None:
    """Print the script that lets a shell complete cebd's commands: bash and zsh: eval "$(cebd completion bash)"; fish: | source.

    In PowerShell: cebd completion powershell | Out-String | Invoke-Expression

    Example: cebd completion bash
    """
    from typer._completion_shared import get_completion_script

    print(get_completion_script(prog_name="cebd", complete_var="_CEBD_COMPLETE", shell=shell))
