"""`macle completion`: the script that lets a shell complete names and options."""

from __future__ import annotations

import click


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    \b
    bash:  eval "$(macle completion bash)"
    zsh:   eval "$(macle completion zsh)"
    fish:  macle completion fish | source

    Put the line into the file that your shell reads when it starts.
    """  # noqa: D301
    from click.shell_completion import get_completion_class  # noqa: PLC0415 (only here)

    made = get_completion_class(shell)
    if made is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(made(ctx.find_root().command, {}, "macle", "_MACLE_COMPLETE").source())
