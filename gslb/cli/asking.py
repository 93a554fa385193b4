"""`gslb query`: a small dig, that knows client subnets and shows their scope."""

from __future__ import annotations

from typing import Annotated

import typer

from gslb.cli.output import AsOutput, Output, write


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("query", no_args_is_help=True)(query)


def query(  # noqa: PLR0917  typer makes each an option
    words: Annotated[list[str], typer.Argument(metavar="NAME [TYPE] [@SERVER]", help="As for dig; the default is A at @127.0.0.1.")],
    port: Annotated[int, typer.Option("--port", "-p", help="Port of the server.")] = 5300,
    subnet: Annotated[str, typer.Option(help="Ask as if for a client of this network: 203.0.113.0/24.")] = "",
    tcp: Annotated[bool, typer.Option("--tcp", help="Ask over TCP.")] = False,  # noqa: FBT002  typer's way
    short: Annotated[bool, typer.Option("--short", help="Only the data of the answers.")] = False,  # noqa: FBT002
    output: AsOutput = Output.TABLE,
    seconds: Annotated[float, typer.Option("--timeout", help="Seconds to wait.")] = 2.0,
) -> int:
    """Ask a nameserver one question and show the answer, its TTLs and the scope of a client subnet."""
    from gslb.cli.question import Question, ask, parse_words

    name, kind, server = parse_words(words)
    answer = ask(Question(name, kind, server, port, subnet, tcp=tcp, seconds=seconds))
    write(answer.data(), output, lambda: (answer.short() if short else answer.text()) + "\n")
    return 0 if answer.rcode in {"NOERROR", "NXDOMAIN"} else 1
