"""What `--metrics` accepts."""

from __future__ import annotations

import socket

import pytest
from awaken.cli.failures import CommandError, UsageError
from awaken.cli.metrics_port import open_metrics_port


def test_port_0_finds_a_free_one_and_listens() -> None:
    listening = open_metrics_port("127.0.0.1:0", others={})

    with listening, socket.create_connection(listening.getsockname(), timeout=5):
        assert listening.getsockname()[1] > 0


def test_port_that_is_taken_names_the_option() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        with pytest.raises(
            CommandError, match=f"cannot listen on {address}: .*choose another address with --metrics"
        ):
            open_metrics_port(address, others={})


def test_address_of_another_option_is_refused() -> None:
    with pytest.raises(
        UsageError, match=r"--metrics and --bind are both 127\.0\.0\.1:9080; choose another port"
    ):
        open_metrics_port("127.0.0.1:9080", others={"--bind": ("127.0.0.1", 9080)})


def test_malformed_address_is_explained() -> None:
    with pytest.raises(UsageError, match="'9000' is not an address to listen on; write HOST:PORT"):
        open_metrics_port("9000", others={})
