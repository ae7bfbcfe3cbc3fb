"""Limits of what one question of a user may take, each with its reason.

A question is a program in SQL. Its time and memory cannot be bounded within the process of the runtime: one call of
`replace` or `instr` runs for minutes without a chance to interrupt it, and SQLite bounds the memory of a whole process
only. So questions run in processes of their own, which are killed at their limits. The limits of SQLite below come
first, because they end a question with an explanation.

On Windows nothing bounds the memory of such a process but the limits of SQLite, which what Python makes of a row does
not count in.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sqlite3
import sys
from typing import Final

if sys.platform != "win32":
    import resource

__all__ = [
    "ANSWER_SIZE",
    "HEAP_SIZE",
    "IDLE_SECONDS",
    "KILL_SECONDS",
    "MEMORY_SIZE",
    "PROCESSES",
    "RECURSION",
    "START_SECONDS",
    "STATEMENT_DEPTH",
    "STATEMENT_SETS",
    "STATEMENT_SIZE",
    "STATEMENT_TOKENS",
    "TIMEOUT_SECONDS",
    "UNTAKEN_SIZE",
    "VALUE_SIZE",
    "WAITING",
    "WAITING_SECONDS",
    "end_with_parent",
    "limit_connection",
    "limit_process",
]

_MIB: Final = 1024 * 1024

#: Seconds that one question may take, from its start in its process.
TIMEOUT_SECONDS: Final = 30.0
#: Seconds after which a process that has not noticed the end of this time is killed.
KILL_SECONDS: Final = 1.0
#: Seconds for a process to start on a busy machine, beside the time of its first question; 0.4 s on an idle one.
START_SECONDS: Final = 30.0
#: Seconds after the last question in which the processes are kept for the next one.
IDLE_SECONDS: Final = 30.0

#: Questions that are answered at the same time, each in a process. They run at a lower priority than the runtime.
PROCESSES: Final = 2
#: Questions that wait for a process, and seconds that each may wait; pages of the official UI send five at once.
WAITING: Final = 64
WAITING_SECONDS: Final = 30.0

#: Characters of a statement, and the words and signs in it, which take five seconds to read. The official UI names up
#: to 500 invocations in one.
STATEMENT_SIZE: Final = 1_000_000
STATEMENT_TOKENS: Final = 50_000
#: Levels of a statement, such as conditions that OR joins: the time to read them grows with the square, 1 s for these.
STATEMENT_DEPTH: Final = 800
#: Queries that UNION and the like join in one statement; SQLite's default.
STATEMENT_SETS: Final = 500

#: Calls within each other while a statement is read: enough for its levels, which are about what SQLite takes. With
#: Python's own limit, 300 were too many.
RECURSION: Final = 4_000

#: Bytes of the largest value. A stored value of 32 MiB, the largest there is, is 64 MiB in hexadecimal, and up to
#: 128 MiB as JSON, where each byte is a number.
VALUE_SIZE: Final = 160 * _MIB
#: Bytes of an answer in JSON: an entry of the largest size in both forms, and what else its row has.
ANSWER_SIZE: Final = 256 * _MIB
#: Bytes of answers that clients have not taken yet: one of the largest. Answers beyond it are refused.
UNTAKEN_SIZE: Final = ANSWER_SIZE
#: Bytes of memory that SQLite may use for one question, among them what it sorts and joins.
HEAP_SIZE: Final = 512 * _MIB
#: Bytes of address space of a process: SQLite's, and the copies of the largest value on its way to JSON. The server
#: allows 4 GiB for all queries together.
MEMORY_SIZE: Final = 1536 * _MIB
#: Lowers the priority, so that questions use the time that the runtime leaves.
_NICENESS: Final = 5
#: PR_SET_PDEATHSIG of Linux.
_DEATH_SIGNAL: Final = 1

_LIMITS: Final = {
    sqlite3.SQLITE_LIMIT_LENGTH: VALUE_SIZE,
    # A translated statement is longer than the one that was asked: it names every column in full.
    sqlite3.SQLITE_LIMIT_SQL_LENGTH: 10 * STATEMENT_SIZE,
    # Defaults of SQLite, or less: people and tools write far smaller ones, and each level takes stack.
    sqlite3.SQLITE_LIMIT_EXPR_DEPTH: 1_000,
    sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: STATEMENT_SETS,
    sqlite3.SQLITE_LIMIT_VDBE_OP: 1_000_000,
    sqlite3.SQLITE_LIMIT_COLUMN: 2_000,
    sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
    # A pattern is compared with every row, in time that grows with its length.
    sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: 1_000,
    # Nothing is attached, and no trigger runs.
    sqlite3.SQLITE_LIMIT_ATTACHED: 1,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
}


def limit_connection(connection: sqlite3.Connection) -> None:
    """Limit what statements of a connection may take; the bound on memory holds for the whole process."""
    for limit, value in _LIMITS.items():
        connection.setlimit(limit, value)
    connection.execute(f"PRAGMA hard_heap_limit = {HEAP_SIZE}")


def end_with_parent() -> None:
    """Have the system end this process with the one that started it, where it knows how to.

    A thread cannot notice that end while one call of a function, such as the search for a pattern, takes its time.
    """
    if sys.platform != "win32":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def limit_process() -> None:
    """Limit memory and calls of this process, and give way to others. Only calls are limited on Windows."""
    sys.setrecursionlimit(RECURSION)
    if sys.platform != "win32":  # the runtime has started this process with a lower priority there
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_SIZE, MEMORY_SIZE))
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold what is stored
        with contextlib.suppress(OSError):
            os.nice(_NICENESS)
