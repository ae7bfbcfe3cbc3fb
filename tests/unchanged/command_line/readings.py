"""Commands that change nothing. `{name}` is an id or an address of the situation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Order = Literal["lines", "rows", "cells"]

#: Durations and times in a form that can be masked, whatever they are.
ISO: Final = "--time-format iso8601"
#: All keys, because the server shows any of more; and nothing of how long they are locked, which takes seconds to show.
KEYS: Final = "--locked-keys-limit 50 --locked-key-held-threshold-second 3600"


@dataclass(frozen=True, slots=True)
class Reading:
    """A command, and what of its order means something.

    Args:
        command: without `restate`.
        order: of the output: of all `lines`; or none between `rows`, which the server shuffles; or none even between
            the `cells` of a row, where a cell spans several lines.
    """

    command: str
    order: Order = "lines"


_SERVICES: Final = [
    Reading("services list", "rows"),
    Reading("services ls --extra", "cells"),
    Reading("svc list --public-only", "rows"),
    Reading("services list --table-style borders", "rows"),
    Reading("services list -q -y", "rows"),
    Reading("services describe Greeter", "rows"),
    Reading("services describe Account", "rows"),
    Reading("services get Signup", "rows"),
    Reading("services describe Nobody"),
    Reading(f"services status {ISO} {KEYS}", "rows"),
    Reading(f"services status --time-format human {KEYS}", "rows"),
    Reading(f"services status --time-format rfc2822 {KEYS}", "rows"),
    Reading(f"services status Greeter --sample-invocations-limit 3 {ISO}"),
    Reading(f"services status Account --locked-keys-limit 1 --locked-key-held-threshold-second 3600 {ISO}"),
    Reading(f"services status Account {ISO} {KEYS}", "rows"),
    Reading(f"services status Signup {ISO} {KEYS}", "rows"),
    Reading("services status Nobody"),
    Reading("services config view Greeter", "rows"),
    Reading("services config view Account", "rows"),
    Reading("services config view Signup", "rows"),
    Reading("services config view Nobody"),
]
_DEPLOYMENTS: Final = [
    Reading("deployments list", "cells"),
    Reading(f"dp ls --extra {ISO}", "cells"),
    Reading("deployments describe {newest}", "rows"),
    Reading("deployments describe {newest} --extra", "rows"),
    Reading("deployments get {old} --extra", "rows"),
    Reading("deployments describe {gone}"),
    Reading("deployments describe garbage"),
]
_INVOCATIONS: Final = [
    Reading(f"invocations list {ISO}"),
    Reading("invocations list --time-format human"),
    Reading(f"invocations ls --all {ISO}", "rows"),
    Reading(f"invocations list --all --oldest-first --limit 3 {ISO}"),
    Reading(f"invocations list --limit 0 {ISO}"),
    Reading(f"invocations list --service Greeter {ISO}"),
    Reading(f"invocations list --service Greeter --handler ask {ISO}"),
    Reading(f"invocations list --service Nobody {ISO}"),
    Reading(f"invocations list --handler greet --all {ISO}"),
    Reading(f"invocations list --status suspended {ISO}"),
    Reading(f"invocations list --status scheduled,pending {ISO}"),
    Reading(f"invocations list --status ready {ISO}"),
    Reading(f"invocations list --status completed,backing-off,paused,running {ISO}"),
    Reading(f"invocations list --completion-result failure {ISO}"),
    Reading(f"invocations list --completion-result success {ISO}"),
    Reading(f"invocations list --deployment {{old}} {ISO}"),
    Reading(f"invocations list --dp {{gone}} {ISO}"),
    Reading(f"invocations list --virtual-objects-only {ISO}"),
    Reading(f"invocations list --key alice {ISO}"),
    Reading(f"invocations list --key 'a b ä' --all {ISO}"),
    Reading(f"invocations list --zombie {ISO}"),
    *(
        Reading(f"invocations describe {{{name}}} {ISO}")
        for name in (
            *("greeted", "refused", "napping", "stumbled", "gave_up", "scheduled", "holding", "queued"),
            *("signing_up", "signed_up", "touring", "zombie", "stale", "tripped", "filled"),
        )
    ),
    Reading("invocations get {touring} --time-format human"),
    Reading("invocations describe {stumbled} --time-format rfc2822"),
    Reading("invocations describe inv_10000000000000000000000000000000"),
    Reading("invocations describe inv_1e6xzQU4elkR76YyMLEBUy39PnvOdD4mbZ"),
    Reading("invocations describe garbage"),
]
_STATE: Final = [
    Reading("state get Account bob", "rows"),
    Reading("state get Account bob --plain"),
    Reading("state get Account bob --binary", "rows"),
    Reading("state get Account bill"),
    Reading("state get Account bill --binary -p"),
    Reading("state get Account nobody"),
    Reading("state get Account long --plain"),
    Reading("state get Account long", "rows"),
    Reading("state get Account 'a b ä'"),
    Reading("state get Signup ben"),
    Reading("state get Nobody x"),
    Reading("state get Greeter x"),
]
_STATUSES: Final = "select target, status from sys_invocation order by target, status"
_SQL: Final = [
    Reading(f'sql "{_STATUSES}"'),
    Reading(f'sql --json "{_STATUSES}"'),
    Reading(f'sql --jsonl "{_STATUSES}"'),
    Reading(
        'sql --jsonl "select target, completion_result, completion_failure, retry_count, journal_size,'
        " coalesce(idempotency_key, '') = 'once' as once, pinned_deployment_id, completion_retention,"
        " journal_retention, last_failure_error_code, invoked_by, invoked_by_target from sys_invocation"
        ' order by target"',
        "rows",
    ),
    Reading(
        'sql "select s.service_name, s.service_key, s.key, s.value_utf8, s.value, length(s.value_utf8) as size'
        ' from state s order by 1, 2, 3"'
    ),
    Reading(
        'sql --json "with waiting as (select target_service_name as service, count(*) as many from sys_invocation'
        " where status in ('suspended', 'paused') group by target_service_name)"
        ' select service, many from waiting where many > 1 order by many desc, service"'
    ),
    Reading("sql \"select index, entry_type, name from sys_journal where id = '{touring}' order by index\""),
    Reading("sql \"select count(*) as n from sys_invocation where created_at > now() - interval '1' hour\""),
    *(
        Reading(f"sql --jsonl \"select * from {table} where id = '{{{name}}}' order by {order}\"")
        for name in ("greeted", "signed_up")
        for table, order in (
            ("sys_invocation", "id"),
            ("sys_journal", "index"),
            ("sys_journal_events", "after_journal_entry_index"),
        )
    ),
    Reading("sql --json \"select * from sys_invocation_state where id = '{tripped}'\""),
    Reading("sql --json \"select event_type, event_json from sys_journal_events where id = '{tripped}'\""),
    Reading('sql "select * from sys_service order by name"'),
    Reading('sql "select id, ty, endpoint, created_at from sys_deployment order by created_at"'),
    Reading('sql --jsonl "select * from sys_promise order by service_key"'),
    Reading(
        "sql --jsonl \"select * from sys_keyed_service_status where service_name = 'Account' order by service_key\""
    ),
    Reading('sql "select service_name, service_key from sys_inbox"'),
    Reading("sql \"select count(*) from state where key = 'balance'\""),
    Reading('sql "select count(1) from state where false"'),
    Reading('sql "select 1 as a where false"'),
    Reading('sql --json "select 1 as a where false"'),
    Reading('sql "select nothing from sys_invocation"'),
    Reading('sql "select \'open"'),
    Reading('sql "selec"'),
    Reading('sql ""'),
    Reading("sql \"delete from state where key = 'balance'\""),
]
_REST: Final = [
    Reading("whoami"),
    Reading("kafka-clusters list"),
    Reading("kc get nothing"),
    Reading("subscriptions list"),
    Reading("sub ls --source kafka://nothing/orders --sink service://Greeter/greet"),
    Reading("subscriptions describe nothing"),
    Reading("vqueues list"),
    Reading("vqueues list --limit 3"),
    Reading(f"vqueues describe vq_1{'0' * 33} --limit 3 --newest-first"),
    Reading("rules list"),
    Reading("rule ls --extra"),
    Reading("services list --connect-timeout 5000 --request-timeout 9000 --insecure-skip-tls-verify", "rows"),
    Reading("services list -e somewhere", "rows"),
]

READINGS: Final = [*_SERVICES, *_DEPLOYMENTS, *_INVOCATIONS, *_STATE, *_SQL, *_REST]
