"""Addresses from the variables of the Restate server, with its precedence, as measured."""

from __future__ import annotations

import pytest
from awaken.cli.places import Places


@pytest.mark.parametrize(
    ("environment", "ingress", "admin"),
    [
        ({}, ("127.0.0.1", 8080), ("127.0.0.1", 9070)),
        ({"BIND_IP": "127.0.0.3"}, ("127.0.0.3", 8080), ("127.0.0.3", 9070)),
        ({"BIND_IP": "::1", "ADMIN__BIND_PORT": "1"}, ("::1", 8080), ("::1", 1)),
        ({"BIND_IP": "127.0.0.3", "INGRESS__BIND_IP": "127.0.0.2"}, ("127.0.0.2", 8080), ("127.0.0.3", 9070)),
        (
            {
                "BIND_IP": "127.0.0.3",
                "INGRESS__BIND_ADDRESS": "127.0.0.1:28080",
                "INGRESS__BIND_PORT": "28081",
                "ADMIN__BIND_ADDRESS": "127.0.0.2:29070",
                "ADMIN__BIND_IP": "127.0.0.4",
            },
            ("127.0.0.1", 28080),
            ("127.0.0.2", 29070),
        ),
        ({"USE_RANDOM_PORTS": "true", "ADMIN__BIND_PORT": "7"}, ("127.0.0.1", 0), ("127.0.0.1", 7)),
        ({"INGRESS__USE_RANDOM_PORTS": "true"}, ("127.0.0.1", 0), ("127.0.0.1", 9070)),
        # It is that of the node for other nodes, of which there are none here.
        ({"BIND_ADDRESS": "127.0.0.4:5122"}, ("127.0.0.1", 8080), ("127.0.0.1", 9070)),
    ],
)
def test_addresses_come_from_the_servers_variables(
    environment: dict[str, str],
    ingress: tuple[str, int],
    admin: tuple[str, int],
) -> None:
    names = {f"RESTATE_{name}": value for name, value in environment.items()}

    places = Places.read(None, None, None, None, None, names)

    assert (places.ingress, places.admin) == (ingress, admin)


def test_options_come_first() -> None:
    names = {"RESTATE_INGRESS__BIND_ADDRESS": "127.0.0.1:1"}

    assert Places.read("127.0.0.1:2", None, None, None, None, names).ingress == ("127.0.0.1", 2)
