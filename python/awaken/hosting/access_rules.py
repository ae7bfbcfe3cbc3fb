"""Which requests an address accepts, by the names and the pages they come from: a decision without I/O.

Everything here is about browsers. A page of any site can make a browser send requests to `localhost` and to machines of
its network, so being unreachable from outside is no protection by itself. There are two ways in, and a check for each:

- *Rebinding*: the page's own name is made to resolve to 127.0.0.1. For the browser, runtime and page are then one
  origin, and the page reads and sends whatever it likes. But `Host` has the page's name: names that were neither bound
  nor allowed are refused. An address has no name that could be rebound, so literals are accepted beyond loopback.
- *Requests of other pages*: the page sends a form, an image or a script to this address. It reads nothing, but the
  request is carried out. Browsers say which page sent it: in `Origin` for all methods but GET and HEAD (and for these
  if the page wants to read the answer), and in `Sec-Fetch-Site` for every request to HTTPS or to this machine.

Programs send neither `Origin` nor `Sec-Fetch-Site`, and pass if their `Host` is right. The content type does not
matter: requests that need no preflight have an `Origin` as well, and `curl -d` sends them without a page.
`X-Forwarded-Host` and the like are not read, because anyone can send them: behind a proxy, allow the public name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from awaken.hosting.allowed_pages import normal_host
from awaken.hosting.host_names import HostName, read_host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from awaken.hosting.allowed_pages import AllowedPages

__all__ = ["AccessRules", "Refusal", "RequestFacts", "check_access", "rules_for"]

_READS: Final = ("GET", "HEAD")
#: Most characters of a request's values in an answer.
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """What counts of a request, whatever it came over."""

    method: str
    #: Every value of `Host` and `:authority`. Clients of HTTP/1.0 may send none; browsers always send one.
    hosts: Sequence[str] = ()
    #: Every value of `Origin`.
    origins: Sequence[str] = ()
    #: `Sec-Fetch-Site`: how the page that sends it relates to this address. None from programs.
    site: str | None = None
    #: `Sec-Fetch-Mode`: `navigate` opens a page.
    mode: str | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused."""

    status: int
    #: For the one who sent it: plain text.
    text: str


@dataclass(frozen=True, slots=True)
class AccessRules:
    """What one address accepts. `rules_for` makes them."""

    #: What is served there, for messages.
    what: str
    #: What the user allowed.
    pages: AllowedPages
    #: The names and addresses that it was bound to, and further ones that lead to it.
    names: frozenset[str]
    #: Whether any address is accepted as a Host.
    is_any_address: bool
    #: Whether GET and HEAD change nothing. Then links of other sites may open a page; on an ingress, where GET invokes
    #: handlers, they may not.
    is_reading_safe: bool

    def knows(self, host: HostName) -> bool:
        """Return whether a name was bound or allowed, or can only mean this machine."""
        return host.text in self.names or host.is_local or self.pages.allows_name(host)

    def accepts_host(self, host: HostName) -> bool:
        """Return whether requests may be sent to this name."""
        if self.pages.is_any_host or self.knows(host):
            return True
        return host.address is not None and self.is_any_address

    def accepts_origin(self, origin: str, host: HostName | None) -> bool:
        """Return whether pages of an origin may send requests to this address.

        Args:
            origin: as the browser sent it.
            host: the name that the request was sent to, if it has one; pages below the same name are at home.
        """
        if self.pages.allows_origin(origin):
            return True
        scheme, _, rest = origin.partition("://")
        if scheme.lower() not in ("http", "https"):
            return False  # `null`, extensions, files
        try:
            page = read_host(rest)
        except ValueError:
            return False
        # An address that is no more than an address proves nothing here: other sites have one as well.
        return page == host or self.knows(page)


def rules_for(
    what: str,
    bound: str,
    pages: AllowedPages,
    *,
    is_reading_safe: bool,
    public_url: str | None = None,
) -> AccessRules:
    """Return the rules for an address.

    Args:
        what: is served there, for messages.
        bound: the name or address that it listens on.
        pages: what the user allowed.
        is_reading_safe: whether GET and HEAD change nothing there.
        public_url: where else it can be reached, for example through a proxy.
    """
    host = _understood(bound)
    public = None if public_url is None else _understood(urlsplit(public_url).hostname or "")
    names = frozenset(name.text for name in (host, public) if name is not None)
    return AccessRules(what, pages, names, not (host and host.is_local), is_reading_safe)


def _understood(name: str) -> HostName | None:
    try:
        return normal_host(name)
    except ValueError:
        return None  # the system may understand it all the same, but no browser sends it


def check_access(rules: AccessRules, request: RequestFacts) -> Refusal | None:
    """Decide on a request; None accepts it."""
    host = _read_only_host(request.hosts)
    if isinstance(host, Refusal):
        return host
    if host is not None and not rules.accepts_host(host):
        return Refusal(
            403,
            f'this {rules.what} is not known as "{host.text[:_SHOWN]}", the Host of this request; if the name leads '
            f"here, start it with --allow-host {host.text[:_SHOWN]} (or AWAKEN_ALLOW_HOST)",
        )
    if rules.pages.is_any_origin:
        return None
    return _check_page(rules, request, host)


def _read_only_host(hosts: Sequence[str]) -> HostName | Refusal | None:
    if not hosts:
        return None
    if len(hosts) > 1 and len({value.lower() for value in hosts}) > 1:
        return Refusal(400, f"the request has {len(hosts)} different Hosts; send one")
    try:
        return read_host(hosts[0])
    except ValueError as error:
        return Refusal(400, f"the Host is malformed: {error}")


def _check_page(rules: AccessRules, request: RequestFacts, host: HostName | None) -> Refusal | None:
    for origin in request.origins:
        if not rules.accepts_origin(origin, host):
            shown = _printable(origin)
            return Refusal(
                403,
                f'pages of "{shown}", the Origin of this request, may not send requests to this {rules.what}; if you '
                f"trust them, start it with --allow-origin {shown} (or AWAKEN_ALLOW_ORIGIN)",
            )
    site = (request.site or "").lower()
    if request.origins or not _may_be_foreign(site, host):
        return None
    is_opened = request.method in _READS and (request.mode or "").lower() == "navigate"
    if is_opened and rules.is_reading_safe:
        return None
    return Refusal(
        403,
        f"a page of another origin sent this request, and did not say which one (Sec-Fetch-Site is {site}, and there "
        f"is no Origin), so this {rules.what} does not carry it out; open the address by hand, call it from a program, "
        "or use fetch() in a page whose origin is allowed with --allow-origin (or AWAKEN_ALLOW_ORIGIN)",
    )


def _may_be_foreign(site: str, host: HostName | None) -> bool:
    """Return whether a page that names no origin may be one that would have to be allowed.

    Args:
        site: `Sec-Fetch-Site`, in lower case.
        host: the name that the request was sent to, if it has one.
    """
    if site == "same-site":  # another name below the same domain; on this machine, that is one of its own
        return host is None or not host.is_local
    return site == "cross-site"


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text[:_SHOWN])
