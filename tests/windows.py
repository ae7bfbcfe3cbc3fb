"""Runs a program with what the package sees of Windows: no POSIX-only modules and names, and its event loop.

`python tests/windows.py -m MODULE ARGUMENTS...` runs a module. Only the modules of the package, and the program, see
Windows: the standard library and other packages work as they do here. That is the part that this project decides; what
Windows itself does is only known there.
"""

from __future__ import annotations

import asyncio
import builtins
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import types
from pathlib import Path
from typing import Any, Final

#: Modules that Windows does not have.
MODULES: Final = frozenset(
    [
        "curses",
        "fcntl",
        "grp",
        "posix",
        "pty",
        "pwd",
        "readline",
        "resource",
        "syslog",
        "termios",
        "tty",
        "uvloop",
    ]
)
#: What its modules lack, of what somebody could use by mistake. `mypy --platform win32` knows all of it.
LACKING: Final = {
    "os": "O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_SYNC WEXITSTATUS WIFEXITED WNOHANG chown copy_file_range "
    "eventfd fchdir fchmod fchown fdatasync fork forkpty get_blocking getegid geteuid getgid getgroups getloadavg "
    "getpgid getpriority getsid getuid killpg lockf memfd_create mkfifo nice openpty pidfd_open pipe2 posix_fadvise "
    "posix_fallocate posix_spawn pread preadv pwrite pwritev readv register_at_fork sched_getaffinity "
    "sched_setaffinity sendfile set_blocking setgid setpriority setsid setuid statvfs sync sync_file_range sysconf "
    "ttyname uname wait wait3 wait4 waitid writev",
    "signal": "ITIMER_REAL ITIMER_PROF ITIMER_VIRTUAL SIGALRM SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO SIGKILL SIGPIPE "
    "SIGPROF SIGQUIT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIG_BLOCK SIG_SETMASK "
    "SIG_UNBLOCK alarm getitimer pause pthread_kill pthread_sigmask setitimer siginterrupt sigpending sigtimedwait "
    "sigwait sigwaitinfo",
    "socket": "AF_UNIX MSG_DONTWAIT MSG_NOSIGNAL SCM_RIGHTS SOCK_CLOEXEC SOCK_NONBLOCK SO_PEERCRED SO_REUSEPORT "
    "TCP_CORK TCP_DEFER_ACCEPT TCP_QUICKACK TCP_USER_TIMEOUT recv_fds send_fds",
    "select": "PIPE_BUF epoll kqueue poll",
    "time": "CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID CLOCK_REALTIME clock_gettime clock_gettime_ns tzset",
    "subprocess": "",
    "sys": "",
}
#: What they have instead; flags of processes that mean nothing here.
HAVING: Final[dict[str, dict[str, object]]] = {
    "os": {"name": "nt"},
    "signal": {"SIGBREAK": signal.SIGUSR2},
    "subprocess": {"BELOW_NORMAL_PRIORITY_CLASS": 0, "CREATE_NEW_PROCESS_GROUP": 0},
    "sys": {"platform": "win32"},
}


class WindowsModule(types.ModuleType):
    """A module of the standard library as it is on Windows."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        vars(self)["_real"] = sys.modules[name]
        vars(self)["_lacking"] = frozenset(LACKING[name].split())
        vars(self).update(HAVING.get(name, {}))

    def __getattr__(self, name: str) -> Any:
        if name in vars(self)["_lacking"]:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r} on Windows")
        return getattr(vars(self)["_real"], name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(vars(self)["_real"], name, value)


class ProactorLoop(asyncio.SelectorEventLoop):
    """What the event loop of Windows cannot do, and that signals wake it."""

    def __init__(self) -> None:
        super().__init__(selectors.SelectSelector())
        signal.set_wakeup_fd(self._csock.fileno())  # type: ignore[attr-defined]


def _refuse(*_: object) -> None:
    raise NotImplementedError


for _name in (
    *(
        "add_reader",
        "add_writer",
        "remove_reader",
        "remove_writer",
        "add_signal_handler",
        "remove_signal_handler",
    ),
    *("connect_read_pipe", "connect_write_pipe", "create_unix_connection", "create_unix_server"),
):
    setattr(ProactorLoop, _name, _refuse)


class ProactorPolicy(asyncio.DefaultEventLoopPolicy):
    """Makes such loops."""

    _loop_factory = ProactorLoop


def install() -> None:
    """Let the package see Windows from now on."""
    seen = {name: WindowsModule(name) for name in LACKING}
    # Processes that the package starts see Windows, too.
    os.environ["PYTHON_BELOW_WINDOWS"] = sys.executable
    vars(seen["sys"])["executable"] = str(Path(__file__).with_name("windows_python"))
    real_import = builtins.__import__

    def import_for(
        name: str, globals_: Any = None, locals_: Any = None, fromlist: Any = (), level: int = 0
    ) -> Any:
        asking = (globals_ or {}).get("__name__", "")
        if level or asking.partition(".")[0] not in ("awaken", "__main__"):
            return real_import(name, globals_, locals_, fromlist, level)
        if name in MODULES:
            raise ImportError(f"no module named {name!r} on Windows")
        found = real_import(name, globals_, locals_, fromlist, level)
        return seen.get(found.__name__, found)

    builtins.__import__ = import_for  # type: ignore[assignment]  # the names of its arguments
    asyncio.set_event_loop_policy(ProactorPolicy())


def main() -> None:
    """Run `-m MODULE ARGUMENTS...` or `-I -c PROGRAM ARGUMENTS...`."""
    install()
    option, given, *arguments = [argument for argument in sys.argv[1:] if argument != "-I"]
    if option == "-m":
        sys.argv[1:] = arguments
        runpy.run_module(given, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [option, *arguments]
        exec(given, {"__name__": "__main__"})


# Whatever uses these has to be loaded before somebody else sees another platform.
assert all(module in sys.modules for module in LACKING), (os, socket, subprocess)
if __name__ == "__main__":
    main()
