"""The `awaken` command: one module per subcommand.

Modules are imported to list the commands, so they import what they need inside of the command:
`awaken --help` has to be quick.
"""

from __future__ import annotations

import typer

from awaken.cli import identifiers, register, reject, resolve, serve

__all__ = ["app", "main"]

app = typer.Typer(
    name="awaken",
    help="Durable handlers that wait for the outside world through crashes and deploys.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.command("register")(register.register)
app.command("resolve")(resolve.resolve)
app.command("reject")(reject.reject)
app.command("id")(identifiers.decode)


def main() -> None:
    """Run the command line."""
    app()
