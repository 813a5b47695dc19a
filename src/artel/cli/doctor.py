"""`artel doctor`: what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import orjson
import typer

from artel.app.doctor.finding import Finding
from artel.app.doctor.visit import visit
from artel.cli.common import plain_errors, read_settings, run_loop


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON list of findings.")] = False,
) -> None:
    """Looks at settings, machine, stores and data, and names what is wrong. Changes nothing; exit code 1 on errors."""
    settings = read_settings()
    found: list[Finding] = []

    async def run() -> None:
        async for finding in visit(settings):
            found.append(finding)
            if not as_json:
                typer.echo(f"{finding.severity}: {finding.code}: {finding.says}\n    {finding.remedy}")

    with plain_errors():
        run_loop(run())
    if as_json:
        typer.echo(orjson.dumps([asdict(finding) for finding in found], option=orjson.OPT_INDENT_2).decode())
    elif all(finding.severity == "note" for finding in found):
        typer.echo("Nothing is wrong.")
    if any(finding.severity == "error" for finding in found):
        raise typer.Exit(1)


def register(cli: typer.Typer) -> None:
    """Adds the command."""
    cli.command("doctor")(doctor_command)
