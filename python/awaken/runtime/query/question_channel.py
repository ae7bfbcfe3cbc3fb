"""The connection of the runtime with a process that answers questions.

Such a process inherits one of a pair of sockets as its standard input. Windows passes no socket on like that: there the
process connects to a port of the loopback interface, and sends a secret that it reads from its standard input. Any
program of the machine could connect, and only this one knows the secret.
"""

from __future__ import annotations

import hmac
import secrets
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "INHERITED",
    "ConnectingProcess",
    "InheritingProcess",
    "StartedProcess",
    "open_channel",
    "start_process",
]

#: Stands for the port where the socket is the standard input.
INHERITED: Final = 0
_LOOPBACK: Final = "127.0.0.1"
_SECRET_SIZE: Final = 32
#: Seconds for a connection to show the secret, and between looks at whether the process still lives.
_SECRET_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 0.1


class StartedProcess(Protocol):
    """A process, and the connection with it."""

    process: subprocess.Popen[bytes]

    def channel(self, deadline: float, /) -> socket.socket:
        """Return the connection. Raises EOFError if the process has ended, and TimeoutError after `deadline`."""
        ...

    def close(self) -> None:
        """Close the connection."""


def start_process(command: Sequence[str]) -> StartedProcess:
    """Start a process with a connection, as this system can.

    Args:
        command: what to run; `open_channel` needs its last argument, which is added.

    Raises:
        OSError: it cannot be started.
    """
    return InheritingProcess(command) if sys.platform != "win32" else ConnectingProcess(command)


class InheritingProcess:
    """A process with one of a pair of sockets as standard input.

    Args:
        command: what to run; the last argument becomes `INHERITED`.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._channel, its_end = socket.socketpair()
        try:
            # In a session of its own, so that Ctrl-C in the terminal does not end it before the runtime does.
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*command, str(INHERITED)],
                stdin=its_end.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except BaseException:
            self._channel.close()
            raise
        finally:
            its_end.close()

    def channel(self, _deadline: float, /) -> socket.socket:
        """Return the connection with it."""
        return self._channel

    def close(self) -> None:
        """Close the connection."""
        self._channel.close()


class ConnectingProcess:
    """A process that connects to a port of the loopback interface.

    Args:
        command: what to run; the last argument becomes the port.
        start: starts it, with a pipe as its standard input.

    Raises:
        OSError: it cannot be started, or does not take the secret.
    """

    def __init__(
        self, command: Sequence[str], start: Callable[[Sequence[str]], subprocess.Popen[bytes]] | None = None
    ) -> None:
        self._secret = secrets.token_bytes(_SECRET_SIZE)
        self._channel: socket.socket | None = None
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        try:
            self.process = (start or _start)([*command, str(self.port)])
            self._tell_secret()
        except BaseException:
            self._listener.close()
            raise

    def channel(self, deadline: float, /) -> socket.socket:
        """Wait for its connection. Raises EOFError if it has ended, and TimeoutError after `deadline`."""
        while self._channel is None:
            if self.process.poll() is not None:
                raise EOFError
            if time.monotonic() > deadline:
                raise TimeoutError
            self._listener.settimeout(_LOOK_SECONDS)
            try:
                channel, _ = self._listener.accept()
            except TimeoutError:
                continue
            if self._knows_secret(channel):
                self._channel = channel
                self._listener.close()
            else:
                channel.close()
        return self._channel

    def close(self) -> None:
        """Close the connection."""
        self._listener.close()
        if self._channel is not None:
            self._channel.close()

    def _tell_secret(self) -> None:
        assert self.process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            with self.process.stdin as its_input:
                its_input.write(self._secret)
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def _knows_secret(self, channel: socket.socket) -> bool:
        # Not with MSG_WAITALL: Windows refuses it for a socket with a timeout, and Linux ignores it there.
        shown, deadline = b"", time.monotonic() + _SECRET_SECONDS
        try:
            while (missing := _SECRET_SIZE - len(shown)) and (remaining := deadline - time.monotonic()) > 0:
                channel.settimeout(remaining)
                if not (part := channel.recv(missing)):
                    break
                shown += part
        except OSError:
            return False
        return hmac.compare_digest(shown, self._secret)


def open_channel(port: int) -> socket.socket:
    """Return the connection with the runtime, in the process that it has started with this port."""
    if port == INHERITED:
        return socket.socket(fileno=0)
    channel = socket.create_connection((_LOOPBACK, port))
    channel.sendall(sys.stdin.buffer.read(_SECRET_SIZE))
    return channel


def _start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    flags = 0
    if sys.platform == "win32":
        # At a lower priority than the runtime, and out of reach of Ctrl-C in its console.
        flags = subprocess.BELOW_NORMAL_PRIORITY_CLASS | subprocess.CREATE_NEW_PROCESS_GROUP
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        creationflags=flags,
    )
