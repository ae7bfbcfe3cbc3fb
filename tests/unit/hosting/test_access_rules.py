"""Which requests an address accepts: a table of what browsers, attackers and plain clients send."""

from __future__ import annotations

import pytest
from awaken.hosting.access_rules import AccessRules, RequestFacts, check_access, rules_for
from awaken.hosting.allowed_pages import AllowedPages

EVIL = "http://evil.example"


def ingress(
    bound: str = "127.0.0.1", *, hosts: tuple[str, ...] = (), origins: tuple[str, ...] = ()
) -> AccessRules:
    return rules_for("ingress", bound, AllowedPages.read(hosts, origins), is_reading_safe=False)


def links(bound: str = "127.0.0.1", public_url: str | None = None) -> AccessRules:
    return rules_for("page", bound, AllowedPages(), is_reading_safe=True, public_url=public_url)


def status(rules: AccessRules, *hosts: str, method: str = "POST", **facts: str) -> int:
    """Return 200 if a request is accepted."""
    origins = [facts["origin"]] if "origin" in facts else []
    request = RequestFacts(method, hosts, origins, facts.get("site"), facts.get("mode"))
    refusal = check_access(rules, request)
    return 200 if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("bound", "host", "expected"),
    [
        ("127.0.0.1", "localhost:8080", 200),
        ("127.0.0.1", "127.0.0.1:8080", 200),
        ("127.0.0.1", "[::1]:8080", 200),
        ("127.0.0.1", "localhost", 200),
        ("127.0.0.1", "localhost:1", 200),  # a tunnel
        ("127.0.0.1", "localhost:", 200),
        ("127.0.0.1", "LocalHost:8080", 200),
        ("127.0.0.1", "localhost.:8080", 200),
        ("127.0.0.1", "app.localhost:8080", 200),
        ("127.0.0.1", "[::ffff:127.0.0.1]:8080", 200),
        ("127.0.0.1", "evil.example:8080", 403),
        ("127.0.0.1", "evil.example", 403),
        ("127.0.0.1", "localhost.evil.example", 403),
        ("127.0.0.1", "evil-localhost", 403),
        ("127.0.0.1", "127.0.0.1.evil.example", 403),
        ("127.0.0.1", "192.168.1.7:8080", 403),
        ("127.0.0.1", "2130706433", 403),  # browsers would have sent 127.0.0.1
        ("127.0.0.1", "127.1", 403),
        ("localhost", "127.0.0.1:8080", 200),
        ("localhost", "192.168.1.7:8080", 403),
        ("::1", "[::1]:8080", 200),
        ("::1", "[::2]:8080", 403),
        ("0.0.0.0", "192.168.1.7:8080", 200),
        ("0.0.0.0", "[fe80::1%25eth0]:8080", 200),
        ("0.0.0.0", "[fe80::1%eth0]:8080", 200),
        ("0.0.0.0", "0.0.0.0:8080", 200),
        ("0.0.0.0", "localhost:8080", 200),
        ("0.0.0.0", "evil.example:8080", 403),
        ("0.0.0.0", "awaken:8080", 403),
        ("::", "[2001:db8::1]:8080", 200),
        ("::", "evil.example", 403),
        ("myhost.lan", "MYHOST.lan:8080", 200),
        ("myhost.lan", "192.168.1.7", 200),
        ("myhost.lan", "evil.example", 403),
        ("fe80::1%eth0", "[fe80::1%25eth0]", 200),
    ],
)
def test_names_that_were_bound_are_accepted(bound: str, host: str, expected: int) -> None:
    assert status(ingress(bound), host) == expected
    assert status(ingress(bound), host, method="GET") == expected
    assert status(links(bound), host, method="GET", mode="navigate", site="none") == expected


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "localhost:65536",
        "localhost:0",
        "localhost:-1",
        "localhost:http",
        "localhost:8080:8080",
        "localhost:00000000008080",
        "user@localhost",
        "evil.example@localhost",
        "localhost@evil.example:80",
        "localhost/path",
        "http://localhost",
        "local host",
        "localhost\n",
        "localhost,evil.example",
        "localhost..",
        ".localhost",
        ".",
        "::1",
        "[::1",
        "[::1]x",
        "[::g]",
        "[evil.example]",
        "[1.2.3.4]x",
        "loc\xe4lhost",
        "%6cocalhost",
        "localhost:\u0661",
        "a" * 64,
        "localhost" * 10_000,
    ],
)
@pytest.mark.parametrize("hosts", [(), ("*",)])
def test_malformed_hosts_are_refused(host: str, hosts: tuple[str, ...]) -> None:
    refusal = check_access(ingress(hosts=hosts), RequestFacts("GET", [host]))

    assert refusal is not None
    assert refusal.status == 400
    assert len(refusal.text) < 400


def test_several_hosts_have_to_agree() -> None:
    # HTTP/2 has `:authority`, and may have a Host beside it.
    assert status(ingress(), "localhost:8080", "LOCALHOST:8080") == 200
    assert status(ingress(), "localhost:8080", "evil.example") == 400
    assert status(ingress(), "evil.example", "localhost:8080") == 400
    assert status(ingress(), "evil.example", "evil.example") == 403


def test_request_without_a_host_comes_from_no_browser() -> None:
    assert status(ingress()) == 200
    assert status(ingress(), origin=EVIL) == 403
    assert status(ingress(), site="cross-site") == 403


@pytest.mark.parametrize(
    ("allowed", "host", "expected"),
    [
        ("awaken", "awaken:8080", 200),
        ("Awaken.Example.org", "awaken.example.ORG.", 200),
        ("awaken.example.org", "sub.awaken.example.org", 403),
        (".example.org", "example.org", 200),
        (".example.org", "a.b.example.org:8080", 200),
        (".example.org", "evilexample.org", 403),
        (".example.org", "example.org.evil.example", 403),
        ("*", "evil.example", 200),
        ("bücher.example", "xn--bcher-kva.example", 200),
        ("192.168.1.7", "192.168.1.7:8080", 200),
        ("2001:db8::1", "[2001:DB8::1]:8080", 200),
        ("[2001:db8::1]", "[2001:db8:0::1]:8080", 200),
    ],
)
def test_allowed_hosts(allowed: str, host: str, expected: int) -> None:
    assert status(ingress(hosts=(allowed,)), host) == expected


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:3000", 200),
        ("http://127.0.0.1:3000", 200),
        ("https://localhost", 200),
        ("http://[::1]:3000", 200),
        (EVIL, 403),
        ("null", 403),
        ("", 403),
        ("file://", 403),
        ("chrome-extension://localhost", 403),
        ("http://localhost.evil.example", 403),
        ("http://evil.example@localhost", 403),
        ("http://localhost:3000/path", 403),
        ("http://6.6.6.6", 403),
        ("http://localhost:99999", 403),
        ("localhost:3000", 403),
    ],
)
@pytest.mark.parametrize("bound", ["127.0.0.1", "0.0.0.0"])
def test_pages_of_this_machine_alone_may_send(bound: str, origin: str, expected: int) -> None:
    for method in ("POST", "GET", "OPTIONS", "PATCH", "DELETE"):
        assert (
            status(ingress(bound), "localhost:8080", method=method, origin=origin, site="cross-site")
            == expected
        )


def test_page_of_the_same_name_may_send() -> None:
    wide = ingress("0.0.0.0")

    assert status(wide, "192.168.1.7:8080", origin="http://192.168.1.7:3000") == 200
    assert status(wide, "192.168.1.7:8080", origin="http://192.168.1.8:8080") == 403
    assert status(ingress(hosts=("app.example",)), "localhost", origin="https://app.example") == 200
    # Any name as a Host is no permission for the pages of any site.
    assert status(ingress(hosts=("*",)), "app.example", origin="https://app.example") == 200
    assert status(ingress(hosts=("*",)), "app.example", origin=EVIL) == 403


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        ("https://app.example", "https://app.example", 200),
        ("https://APP.example:443/", "https://app.example", 200),
        ("http://app.example:80", "http://app.example", 200),
        ("https://app.example", "http://app.example", 403),
        ("https://app.example", "https://app.example:8443", 403),
        ("https://app.example:8443", "https://app.example:8443", 200),
        ("https://app.example", "https://sub.app.example", 403),
        ("https://bücher.example", "https://xn--bcher-kva.example", 200),
        ("chrome-extension://abcdef", "chrome-extension://abcdef", 200),
        ("null", "null", 200),
        ("null", EVIL, 403),
        ("*", EVIL, 200),
        ("*", "null", 200),
    ],
)
def test_allowed_origins(allowed: str, origin: str, expected: int) -> None:
    assert status(ingress(origins=(allowed,)), "localhost", origin=origin, site="cross-site") == expected


def test_any_origin_still_checks_the_host() -> None:
    assert status(ingress(origins=("*",)), "evil.example", origin=EVIL) == 403
    assert (
        status(ingress(origins=("*",)), "localhost", method="GET", site="cross-site", mode="no-cors") == 200
    )


@pytest.mark.parametrize(
    ("method", "site", "mode", "at_ingress", "at_links"),
    [
        ("GET", "cross-site", "no-cors", 403, 403),  # an image
        ("GET", "Cross-Site", "no-cors", 403, 403),
        ("GET", "cross-site", "navigate", 403, 200),  # a link in web mail
        ("HEAD", "cross-site", "navigate", 403, 200),
        ("POST", "cross-site", "navigate", 403, 403),  # a form of a browser that sends no Origin
        ("GET", "cross-site", "", 403, 403),
        ("GET", "none", "navigate", 200, 200),  # typed into the address bar
        ("GET", "same-origin", "cors", 200, 200),
        ("GET", "same-site", "no-cors", 200, 200),
        ("GET", "", "", 200, 200),
    ],
)
def test_pages_that_do_not_say_who_they_are(
    method: str, site: str, mode: str, at_ingress: int, at_links: int
) -> None:
    assert status(ingress(), "localhost", method=method, site=site, mode=mode) == at_ingress
    assert status(links(), "localhost", method=method, site=site, mode=mode) == at_links


@pytest.mark.parametrize(
    ("site", "mode", "at_ingress", "at_links"),
    [
        ("same-site", "no-cors", 403, 403),  # an image in a page of users.example.org
        ("same-site", "navigate", 403, 200),
        ("same-origin", "no-cors", 200, 200),
    ],
)
def test_pages_of_the_same_domain_that_do_not_say_who_they_are(
    site: str, mode: str, at_ingress: int, at_links: int
) -> None:
    host = "awaken.example.org"
    at_home = links(public_url=f"https://{host}/")

    assert status(ingress(hosts=(host,)), host, method="GET", site=site, mode=mode) == at_ingress
    assert status(at_home, host, method="GET", site=site, mode=mode) == at_links


def test_public_url_is_a_name_of_the_links() -> None:
    rules = links(public_url="https://Links.example.org:8443/callbacks")

    assert status(rules, "links.example.org", origin="https://links.example.org") == 200
    assert status(rules, "links.example.org:8443") == 200
    assert (
        status(rules, "localhost:8080", origin="https://links.example.org") == 200
    )  # a proxy that replaces the Host
    assert status(rules, "192.168.1.7") == 403
    assert status(links(), "links.example.org") == 403
    assert status(links(public_url="https://bücher.example"), "xn--bcher-kva.example") == 200
    assert status(links(public_url="http://[2001:DB8:0::1]:80"), "[2001:db8::1]") == 200


def test_plain_clients_pass() -> None:
    for method in ("GET", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"):
        assert status(ingress(), "127.0.0.1:8080", method=method) == 200


def test_refusals_name_the_value_and_the_option() -> None:
    host = check_access(ingress(), RequestFacts("GET", ["Evil.example:8080"]))
    origin = check_access(ingress(), RequestFacts("POST", ["localhost"], [EVIL]))
    hidden = check_access(ingress(), RequestFacts("POST", ["localhost"], ["http://e\x1b[31m\x9b"]))
    site = check_access(ingress(), RequestFacts("GET", ["localhost"], [], "cross-site", "no-cors"))

    assert host is not None
    assert origin is not None
    assert hidden is not None
    assert site is not None
    assert '"evil.example"' in host.text
    assert "--allow-host evil.example (or AWAKEN_ALLOW_HOST)" in host.text
    assert f"--allow-origin {EVIL} (or AWAKEN_ALLOW_ORIGIN)" in origin.text
    assert hidden.text.isprintable()
    assert "Sec-Fetch-Site is cross-site" in site.text


@pytest.mark.parametrize(
    "host",
    [
        "",
        "https://app.example",
        "app.example:8443",
        "localhost/",
        "*.example.org",
        ".",
        "a b",
        "[::1]:80",
        "::g",
    ],
)
def test_malformed_allowed_host(host: str) -> None:
    with pytest.raises(ValueError, match=r"--allow-host: .* is not a host name; write a name such as"):
        AllowedPages.read([host])


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "app.example",
        "localhost:3000",
        "https://",
        "https://app.example/path",
        "https://*.example.org",
        "https://a b",
    ],
)
def test_malformed_allowed_origin(origin: str) -> None:
    with pytest.raises(ValueError, match=r"--allow-origin: .* is not an origin; write scheme, name"):
        AllowedPages.read([], [origin])
