"""What the dashboard shows: its rows, the panels of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scripts.dashboard_queries import largest, quantile, rate, total


@dataclass(frozen=True)
class Panel:
    """One graph; each query has a legend."""

    title: str
    about: str
    queries: tuple[tuple[str, str], ...]
    unit: str = "short"
    is_stacked: bool = False


HANDLER: Final = "{{service}}/{{handler}}"
ROWS: Final[dict[str, tuple[Panel, ...]]] = {
    "Waits for people": (
        Panel(
            "Open waits",
            "What handlers wait for from outside. With more than 2,000, names are not read.",
            ((total("awaken_open_waits", "service, handler"), HANDLER),),
            is_stacked=True,
        ),
        Panel(
            "Open waits by age",
            "Each under the smallest age it fits in.",
            ((total("awaken_open_waits", "age"), "{{age}}"),),
            is_stacked=True,
        ),
        Panel(
            "Oldest wait",
            "Since the handler asked.",
            ((largest("awaken_oldest_wait_age_seconds", "service, handler"), HANDLER),),
            "s",
        ),
        Panel(
            "Overdue waits",
            "Expired, and the handler has not gone on. More than a few seconds of this is trouble.",
            ((total("awaken_overdue_waits", "service, handler, name"), f"{HANDLER} {{{{name}}}}"),),
        ),
        Panel(
            "Answers by door",
            "Per second; expiry is nobody.",
            ((rate("awaken_completions_total", "door"), "{{door}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Answers by outcome",
            "Per second; all but resolved, rejected and expired changed nothing.",
            ((rate("awaken_completions_total", "outcome"), "{{outcome}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Waits behind a gateway",
            "At most 1,000 are counted.",
            ((largest("awaken_counted_waits", "instance"), "{{instance}}"),),
        ),
    ),
    "Handlers": (
        Panel(
            "Attempts by outcome",
            "As endpoints see them.",
            ((rate("awaken_attempts_total", "outcome"), "{{outcome}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Attempts that are retried",
            "Failed, or on a journal that does not match the code.",
            ((rate("awaken_attempts_total", "service, handler", 'outcome=~"retried|mismatch"'), HANDLER),),
            "cps",
        ),
        Panel(
            "Time of attempts, slowest 5 %",
            "Including what they waited with an open stream.",
            ((quantile(0.95, "awaken_attempt_duration_seconds", "service, handler"), HANDLER),),
            "s",
        ),
        Panel(
            "Runs by outcome",
            "Executions; replayed results do not count.",
            ((rate("awaken_runs_total", "outcome"), "{{outcome}}"),),
            "cps",
            is_stacked=True,
        ),
        Panel(
            "Time of runs, slowest 5 %",
            "What other systems took.",
            (
                (
                    quantile(0.95, "awaken_run_duration_seconds", "service, handler, run"),
                    f"{HANDLER} {{{{run}}}}",
                ),
            ),
            "s",
        ),
        Panel(
            "Journal that attempts begin with",
            "Entries. Long ones cost time at each attempt.",
            (
                (quantile(0.5, "awaken_replay_entries"), "half"),
                (quantile(0.99, "awaken_replay_entries"), "longest 1 %"),
            ),
        ),
        Panel(
            "Open attempts",
            "Running or waiting with an open stream.",
            ((total("awaken_open_attempts", "service, handler"), HANDLER),),
            is_stacked=True,
        ),
    ),
    "Runtime": (
        Panel(
            "Invocations by status",
            "Completed ones are kept by their retention, and are left out.",
            ((total("awaken_stored_invocations", "status", 'status!="completed"'), "{{status}}"),),
            is_stacked=True,
        ),
        Panel(
            "Invocations that begin and end",
            "Per second.",
            (
                (rate("awaken_accepted_invocations_total", "job"), "accepted"),
                (rate("awaken_ended_invocations_total", "outcome"), "{{outcome}}"),
            ),
            "cps",
        ),
        Panel(
            "From request to result",
            "Including what handlers waited.",
            (
                (quantile(0.5, "awaken_invocation_duration_seconds"), "half"),
                (quantile(0.95, "awaken_invocation_duration_seconds"), "slowest 5 %"),
            ),
            "s",
        ),
        Panel(
            "Queues",
            "What waits for its turn, or for its time.",
            ((total("awaken_queue_length", "queue"), "{{queue}}"),),
        ),
        Panel(
            "Behind",
            "The first invocation without an attempt, the first timer that is due.",
            (
                (largest("awaken_oldest_ready_age_seconds", "instance"), "{{instance}} ready"),
                (largest("awaken_overdue_timer_age_seconds", "instance"), "{{instance}} timer"),
                (quantile(0.99, "awaken_scheduler_lag_seconds"), "timers, latest 1 %"),
            ),
            "s",
        ),
        Panel(
            "Failed attempts by reason",
            "RT0010 is a stream that broke, RT0007 an error of the handler, RT0016 a changed handler.",
            ((rate("awaken_dispatched_attempt_failures_total", "reason"), "{{reason}}"),),
            "cps",
        ),
        Panel(
            "Deployments out of reach",
            "1 for each whose last attempt was not answered.",
            ((f"1 - {largest('awaken_deployment_reachable', 'deployment')}", "{{deployment}}"),),
        ),
        Panel(
            "Answers over HTTP",
            "401 and 403 are refusals, 413 is too large, 503 is a disk that refuses, or a stop.",
            ((rate("awaken_http_requests_total", "port, code"), "{{port}} {{code}}"),),
            "cps",
        ),
        Panel(
            "Requests to nodes, of gateways",
            "By what came of them.",
            ((rate("awaken_node_requests_total", "node, outcome"), "{{node}} {{outcome}}"),),
            "cps",
        ),
        Panel(
            "Time of nodes, slowest 5 %",
            "As gateways see them.",
            ((quantile(0.95, "awaken_node_duration_seconds", "node, interface"), "{{node}} {{interface}}"),),
            "s",
        ),
    ),
    "Storage": (
        Panel(
            "Slowest 1 %",
            "A commit takes the event loop, a sync and a checkpoint take a thread.",
            (
                (quantile(0.99, "awaken_commit_duration_seconds"), "commit"),
                (quantile(0.99, "awaken_sync_duration_seconds"), "sync"),
                (quantile(0.99, "awaken_checkpoint_duration_seconds"), "checkpoint"),
            ),
            "s",
        ),
        Panel(
            "Written",
            "Bytes of the log per second.",
            ((rate("awaken_commit_size_bytes_sum", "instance"), "{{instance}}"),),
            "Bps",
        ),
        Panel(
            "Commits",
            "Per second, and rows in each.",
            (
                (rate("awaken_commit_size_bytes_count", "instance"), "{{instance}} commits"),
                (quantile(0.5, "awaken_commit_statements"), "rows, half"),
            ),
        ),
        Panel(
            "Files",
            "The log is part of no backup made by copying the database alone.",
            ((total("awaken_store_size_bytes", "instance, file"), "{{instance}} {{file}}"),),
            "bytes",
        ),
        Panel(
            "Free disk",
            "Where the data directory is.",
            ((largest("awaken_disk_free_bytes", "instance"), "{{instance}}"),),
            "bytes",
        ),
        Panel(
            "Refused by the disk",
            "Groups of transactions.",
            ((rate("awaken_lost_commits_total", "instance"), "{{instance}}"),),
            "cps",
        ),
        Panel(
            "Counting",
            "How old the numbers of waits and stored invocations are, and how long counting took.",
            (
                (largest("awaken_standing_age_seconds", "instance"), "{{instance}} age"),
                (largest("awaken_standing_duration_seconds", "instance"), "{{instance}} took"),
            ),
            "s",
        ),
    ),
    "Process": (
        Panel(
            "Ready",
            "0 is not ready; it drains where the other line is 1.",
            (
                (largest("awaken_ready", "instance"), "{{instance}} ready"),
                (largest("awaken_draining", "instance"), "{{instance}} drains"),
            ),
        ),
        Panel(
            "Event loop lag, slowest 1 %",
            "A handler that blocks holds up all others.",
            ((quantile(0.99, "awaken_event_loop_lag_seconds", "instance"), "{{instance}}"),),
            "s",
        ),
        Panel(
            "Event loop's last turn",
            "Seconds ago. More than a few: a handler does not give the process back, or the process is stopped.",
            ((largest("awaken_event_loop_age_seconds", "instance"), "{{instance}}"),),
            "s",
        ),
        Panel(
            "Processors",
            "1 is one processor.",
            ((rate("process_cpu_seconds_total", "instance"), "{{instance}}"),),
        ),
        Panel(
            "Memory",
            "Resident, and journals on their way.",
            (
                (total("process_resident_memory_bytes", "instance"), "{{instance}}"),
                (total("awaken_journal_memory_bytes", "instance"), "{{instance}} journals"),
            ),
            "bytes",
        ),
        Panel(
            "Connections",
            "By what is served and the version of HTTP.",
            ((total("awaken_open_connections", "port, http_version"), "{{port}} HTTP/{{http_version}}"),),
        ),
        Panel(
            "Open requests",
            "By what is served.",
            ((total("awaken_open_requests", "port"), "{{port}}"),),
        ),
        Panel(
            "Open files",
            "Connections and files.",
            (
                (total("process_open_fds", "instance"), "{{instance}}"),
                (total("process_max_fds", "instance"), "{{instance}} limit"),
            ),
        ),
    ),
}
