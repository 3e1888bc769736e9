"""The commands of `macle`; each is imported when it is called, so that a short answer comes fast."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from macle import __version__
from macle.cli import errors

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "verify": ("macle.cli.verifying", "Judge certificates: genuine, in date, admissible here?"),
    "show": ("macle.cli.showing", "Show what is written in a file, without a verdict."),
    "check": ("macle.cli.checking", "Check applications against every rule, before anybody signs."),
    "issue": ("macle.cli.issuing", "Validate applications and write signed certificates."),
    "paper": ("macle.cli.paper", "Print copies, labels, confirmations, letters and calibration sheets."),
    "node": ("macle.cli.node", "Make and run a Participant's node, and verify its audit."),
    "keys": ("macle.cli.keys", "Make, show and end the keys of an authority."),
    "trust": ("macle.cli.trust", "Say whom to believe: pins, trust lists, fingerprints."),
    "rules": ("macle.cli.rules", "List the rules, or explain one."),
    "profile": ("macle.cli.profile", "Show the legal profile of a Participant, with its doubts."),
    "vectors": ("macle.cli.vectors", "Compare this verifier with test vectors."),
    "completion": ("macle.cli.completion", "Print the completion script of a shell."),
}
"""Each command, the module that has it as ``command``, and its line in the list of commands."""


class Macle(click.Group):
    """The group of all commands, which knows their names without importing them."""

    def main(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        **extra: Any,  # noqa: ANN401 (click's own)
    ) -> NoReturn:
        """Run the command that is named, and end the process with the exit code."""
        extra["standalone_mode"] = False
        extra.setdefault("color", errors.colour())
        sys.exit(errors.running(lambda: super(Macle, self).main(args=args, prog_name=prog_name, **extra)))

    def invoke(self, ctx: click.Context) -> object:
        """Call the command; a reader that went away ends it with a code of its own, which click would call 1."""
        try:
            result: object = super().invoke(ctx)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(errors.CUT_OFF) from None
        return result

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's own)
        """Return the names, those that most people need first."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's own)
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{cmd_name} is not a command.")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 (click's own)
        """Write the list of commands without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Macle, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", message="macle %(version)s")
def macle() -> None:
    """Issue and verify Kimberley Process Certificates.

    \b
    macle verify scan.png --trust trust
    macle check application.json
    macle issue applications.csv --authority bw --holder official-07 --out issued
    """  # noqa: D301 (\b keeps click from joining the lines)
