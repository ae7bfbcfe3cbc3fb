"""What a user allows beyond the names that an address was bound to: host names, and origins of pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awaken.hosting.host_names import HostName, read_host

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AllowedPages", "normal_host"]

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class AllowedPages:
    """The values of `--allow-host` and `--allow-origin`. Without any, nothing is allowed but what was bound."""

    names: frozenset[str] = frozenset()
    #: Without the dot in front; names below are allowed as well.
    domains: tuple[str, ...] = ()
    #: Whether every name is accepted as a Host. Pages of every name are not allowed by that.
    is_any_host: bool = False
    origins: frozenset[str] = frozenset()
    is_any_origin: bool = False

    @classmethod
    def read(cls, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> AllowedPages:
        """Read the options.

        Args:
            hosts: names, domains that begin with a dot, addresses, or `*`.
            origins: origins such as `https://app.example.org`, `null`, or `*`.

        Raises:
            ValueError: one is malformed; the text names it, and the option.
        """
        names, pages = set(hosts), set(origins)
        return cls(
            names=frozenset(_read_name(name) for name in names if name != "*" and not name.startswith(".")),
            domains=tuple(sorted(_read_name(name[1:]) for name in names if name.startswith("."))),
            is_any_host="*" in names,
            origins=frozenset(_read_origin(page) for page in pages if page != "*"),
            is_any_origin="*" in pages,
        )

    def allows_name(self, host: HostName) -> bool:
        """Return whether a name was allowed by itself or by its domain."""
        return host.text in self.names or any(host.is_below(domain) for domain in self.domains)

    def allows_origin(self, origin: str) -> bool:
        """Return whether an origin was allowed as such."""
        return self.is_any_origin or (bool(self.origins) and _normal(origin) in self.origins)


def normal_host(text: str) -> HostName:
    """Read a name, or an address with or without brackets, as browsers write it.

    Raises:
        ValueError: it is neither.
    """
    is_bare = text.count(":") > 1 and not text.startswith("[")
    return read_host(_to_ascii(f"[{text}]" if is_bare else text))


def _read_name(text: str) -> str:
    try:
        host = normal_host(text)
    except ValueError:
        host = None
    has_port = text.count(":") == 1 or "]:" in text
    if host is None or has_port:
        raise ValueError(
            f"--allow-host: {text!r} is not a host name; write a name such as awaken.example.org, without scheme, "
            "port and path, .example.org for a domain and all names in it, or * for any"
        )
    return host.text


def _read_origin(text: str) -> str:
    if text == "null":
        return text
    scheme, separator, rest = _normal(text.removesuffix("/")).partition("://")
    try:
        if not separator or not scheme.replace("-", "").isalnum():
            raise ValueError
        read_host(rest)
    except ValueError:
        raise ValueError(
            f"--allow-origin: {text!r} is not an origin; write scheme, name, and the port if it is not the default "
            "one, such as https://app.example.org or http://localhost:3000, or * for any"
        ) from None
    return f"{scheme}://{rest}"


def _normal(origin: str) -> str:
    """Return an origin as browsers write it: lower case, without the default port, and not in Unicode."""
    scheme, separator, rest = origin.lower().partition("://")
    return f"{scheme}{separator}{_to_ascii(rest).removesuffix(_DEFAULT_PORTS.get(scheme, '/'))}"


def _to_ascii(name: str) -> str:
    try:
        return name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return name
