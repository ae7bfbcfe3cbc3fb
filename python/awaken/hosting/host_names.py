"""Host names as they stand in requests, in origins and in options."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

__all__ = ["HostName", "read_host"]

#: What stands before the port: labels of a name (RFC 1123, and the underscores that container names have) with or
#: without the dot of the root, or an IPv6 address in brackets, which may have a zone (RFC 6874).
_HOST: Final = re.compile(
    r"(?:(?P<name>(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63})\.?|\[(?P<ipv6>[0-9a-f:.]{2,45})(?:%[a-z0-9._~%-]{1,64})?\])"
    r"(?::(?P<port>[0-9]{0,5}))?",
    re.ASCII | re.IGNORECASE,
)
_HIGHEST_PORT: Final = 65535
#: How many spellings are remembered. Clients use few; an attacker who sends many only makes their own requests slower.
_REMEMBERED: Final = 256


@dataclass(frozen=True, slots=True)
class HostName:
    """A name or an address, without its port."""

    #: In lower case, without the dot at the end, brackets and the zone of IPv6.
    text: str
    #: The address, if it is a literal. Only four decimal numbers count: browsers send no other spelling of IPv4.
    address: IPv4Address | IPv6Address | None

    @property
    def is_local(self) -> bool:
        """Whether it can only mean the machine of the one who dials it: `localhost`, names below it, and loopback."""
        if self.address is not None:
            return self.address.is_loopback
        return self.text == "localhost" or self.text.endswith(".localhost")

    def is_below(self, domain: str) -> bool:
        """Whether it is a domain, or a name in it."""
        return self.text == domain or self.text.endswith(f".{domain}")


@lru_cache(maxsize=_REMEMBERED)
def read_host(text: str) -> HostName:
    """Read the value of a `Host` header, or what an origin has after `://`. Any port is accepted, and ignored.

    Raises:
        ValueError: it is malformed, for example because it has user information, spaces, or a port above 65535.
    """
    found = _HOST.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:100]!r} is not HOST or HOST:PORT")
    port = found["port"]
    if port and not 0 < int(port) <= _HIGHEST_PORT:
        raise ValueError(f"the port in {text[:100]!r} is not a number from 1 to {_HIGHEST_PORT}")
    name = (found["name"] or found["ipv6"]).lower()
    try:
        address = ip_address(name)
    except ValueError:
        if found["ipv6"]:
            raise ValueError(f"{text[:100]!r} has no IPv6 address in its brackets") from None
        return HostName(name, None)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return HostName(str(address), address)
