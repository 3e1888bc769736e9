"""The command line: reads what it is given, makes one call, says what came of it."""


def main() -> None:
    """Run `macle` with the arguments of this process, and end it with the exit code."""
    from macle.cli.commands import macle  # noqa: PLC0415 (importing the package costs nothing)

    macle(prog_name="macle")
