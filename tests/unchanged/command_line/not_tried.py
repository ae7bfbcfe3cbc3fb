"""Subcommands and options of the command line that are not tried on both runtimes, each with its reason."""

from __future__ import annotations

from typing import Final

_FILE: Final = "reads the same values from a file or an editor"
_GOOGLE: Final = "the server asks Google for tokens; the embedded runtime refuses such a deployment"

#: By subcommand, with everything below it.
SUBCOMMANDS: Final = {
    "cloud": "logs in to Restate Cloud",
    "completions": "writes a script for a shell; asks no runtime",
    "config": "shows and changes the command line's own file; asks no runtime",
    "dev": "starts a server, which the command line contains",
    "example": "downloads an example from GitHub",
}

#: By option, or by subcommand and option.
OPTIONS: Final = {
    "--help": "asks no runtime",
    "--version": "asks no runtime",
    "--verbose": "shows the command line's own log",
    "-w": "repeats the command's requests in a terminal",
    "-n": "repeats the command's requests in a terminal",
    "deployments register --assume-role-arn": "AWS Lambda; the embedded runtime refuses an ARN",
    "deployments register --gcp-audience": _GOOGLE,
    "deployments register --gcp-id-token": _GOOGLE,
    "deployments register --gcp-impersonate-service-account": _GOOGLE,
    "deployments register --tunnel-name": "a tunnel to Restate Cloud",
    "kafka-clusters create --edit": _FILE,
    "kafka-clusters create --from-file": _FILE,
    "kafka-clusters patch --from-file": _FILE,
    "subscriptions create --edit": _FILE,
    "subscriptions create --from-file": _FILE,
}
