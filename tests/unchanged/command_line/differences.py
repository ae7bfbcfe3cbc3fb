"""Where the command line does not do the same on both runtimes, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Difference:
    """What some commands do differently.

    Args:
        reason: for the table in the documentation.
        commands: as they are run, each with a regular expression that finds what it says on the embedded runtime, and
            not what it says on the server.
        exit_codes: of the server and of the embedded runtime, if they differ: then it refuses what the server does.
    """

    reason: str
    commands: dict[str, str]
    exit_codes: tuple[int, int] | None = None


_NO_KAFKA: Final = "This is not on the embedded runtime. It consumes no topics of Kafka"
_NO_CLUSTER: Final = "The requested Kafka cluster 'here' does not exist"
_NO_RULES: Final = "This is not on the embedded runtime. It has no rules for limits: use a Restate server."
_NOT_FOUND: Final = "No rule found with pattern"

LISTED: Final[list[Difference]] = [
    Difference(
        "the same error code; why an endpoint does not answer, or not as one, is said in other words",
        {
            "deployments register {nothing} --yes": "META0003] error when calling '<nothing>/': 127.0.0.1:",
            "deployments register {old_fashioned} --yes": "META0014] error when calling '<old_fashioned>/': 127.0.0.1:",
            "deployments register {old_fashioned} --use-http1.1 --yes": "META0003] got status code '501' from",
            "deployments register {annexe_changed} --yes": ", service, to object; insist with breaking",
        },
    ),
    Difference(
        "the same status; what is wrong with a question in SQL is said in other words",
        {
            'sql "select nothing from sys_invocation"': r"No field named nothing\.$",
            'sql "select \'open"': r"TokenizerError\(.Error tokenizing",
            'sql "selec"': r"found: selec\)$",
            'sql ""': "No SQL statements were provided$",
            "sql \"delete from state where key = 'balance'\"": "only questions are answered",
        },
    ),
    Difference(
        "concurrency rules need the server: setting one is refused, and there are none",
        {
            'rules set "*" --concurrency 3 --description busy --yes': _NO_RULES,
            'rules set "scope/*" --unlimited --disabled --yes': _NO_RULES,
            'rules disable "*" --yes': _NOT_FOUND,
            'rules enable "*" --yes': _NOT_FOUND,
            'rules delete "*" --yes': _NOT_FOUND,
        },
        exit_codes=(0, 1),
    ),
    Difference(
        "Kafka needs the server: creating a cluster or a subscription is refused, and there are none",
        {
            "kafka-clusters create --yes here bootstrap.servers=127.0.0.1:1": _NO_KAFKA,
            "kafka-clusters describe here": _NO_CLUSTER,
            "kafka-clusters edit here --yes": _NO_CLUSTER,
            "kafka-clusters patch here --set client.id=me --unset nothing --yes": _NO_CLUSTER,
            "kafka-clusters delete here --yes --force": _NO_CLUSTER,
            "subscriptions create --yes kafka://here/orders service://Greeter/greet group.id=us": _NO_KAFKA,
        },
        exit_codes=(0, 1),
    ),
]

DIFFERENCES: Final = {
    command: (difference, says) for difference in LISTED for command, says in difference.commands.items()
}
