"""What proxies tell of a client, and what of it can be believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocols.forwarded import FIELDS, Told, read_forwarded
from engine.trust import TrustedPeers, check_peers

PROXIES = TrustedPeers(["10.0.0.0/8", "2001:db8::/32"])


def told(*headers, wanted=FIELDS, trusts=PROXIES.trusts):
    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return read_forwarded(raw, wanted, trusts)


@pytest.mark.parametrize(
    ("value", "address", "port"),
    [
        ("192.0.2.1", "192.0.2.1", ""),
        ("192.0.2.1:4711", "192.0.2.1", "4711"),
        ("192.0.2.1:99999", "192.0.2.1", ""),
        ("[2001:db9::1]:443", "2001:db9::1", "443"),
        ("2001:db9::1", "2001:db9::1", ""),
        ("fe80::1%eth0", "fe80::1", ""),
        ('[fe80::1%" any text]:443', "fe80::1", "443"),
        ("192.0.2.1%eth0", "192.0.2.1", ""),
        ("6.6.6.6, 192.0.2.1", "192.0.2.1", ""),  # what the client wrote itself does not count
        ("6.6.6.6, 192.0.2.1, 10.1.1.1, 10.2.2.2", "192.0.2.1", ""),
        ("10.9.9.9, 10.1.1.1", "10.9.9.9", ""),  # all of them proxies: the first one asks for itself
        ("unknown, 10.1.1.1", "10.1.1.1", ""),
        ("192.0.2.1, nonsense", "", ""),
        ("192.0.2.1,", "", ""),
        ("", "", ""),
    ],
)
def test_the_client_is_the_last_address_that_is_not_trusted(value, address, port):
    found = told(("X-Forwarded-For", value))
    assert (found.address, found.port) == (address, port)


def test_repeated_fields_are_one_list():
    assert (
        told(("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "192.0.2.1, 10.1.1.1")).address
        == "192.0.2.1"
    )


def test_everybody_trusted_means_the_first_address():
    everybody = TrustedPeers("*").trusts
    assert told(("X-Forwarded-For", "192.0.2.1, 192.0.2.2"), trusts=everybody).address == "192.0.2.1"


@pytest.mark.parametrize(
    ("name", "value", "attribute", "wanted"),
    [
        ("X-Forwarded-Proto", "https", "scheme", "https"),
        ("X-Forwarded-Proto", "HTTP", "scheme", "http"),
        ("X-Forwarded-Proto", "http, https", "scheme", "https"),
        ("X-Forwarded-Proto", "wss", "scheme", "https"),
        ("X-Forwarded-Proto", "javascript", "scheme", ""),
        ("X-Forwarded-Host", "shop.example:8443", "host", "shop.example:8443"),
        ("X-Forwarded-Host", "[::1]:80", "host", "[::1]:80"),
        ("X-Forwarded-Host", "a/b", "host", ""),
        ("X-Forwarded-Host", "a b", "host", ""),
        ("X-Forwarded-Port", "8443", "server_port", "8443"),
        ("X-Forwarded-Port", "0", "server_port", ""),
        ("X-Forwarded-Port", "70000", "server_port", ""),
        ("X-Forwarded-Port", "9" * 5000, "server_port", ""),
    ],
)
def test_other_fields_count_if_they_can_be_right(name, value, attribute, wanted):
    assert getattr(told((name, value)), attribute) == wanted


def test_fields_that_are_not_asked_for_do_not_count():
    headers = [
        ("X-Forwarded-Host", "evil.example"),
        ("Forwarded", "for=6.6.6.6"),
        ("X-Forwarded-Proto", "https"),
    ]
    assert told(*headers, wanted=("x-forwarded-proto",)) == Told(scheme="https")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("for=192.0.2.1;proto=https;host=a.example", Told("192.0.2.1", "", "https", "a.example")),
        ('For="[2001:db9::1]:4711"', Told("2001:db9::1", "4711")),
        ("for=6.6.6.6, for=192.0.2.1;proto=https, for=10.1.1.1;proto=http", Told("192.0.2.1", "", "https")),
        ("for=_hidden;proto=https", Told(scheme="https")),
        ('for="192.0.2.1', Told()),
        ("for=192.0.2.1;=x", Told()),
        (", ,", Told()),
    ],
)
def test_the_standard_field(value, wanted):
    assert told(("Forwarded", value), ("X-Forwarded-For", "6.6.6.6")) == wanted


@given(st.text(st.characters(max_codepoint=255), max_size=200), st.sampled_from(FIELDS))
def test_no_value_is_too_strange(value, name):
    found = told((name, value))
    assert all(char.isprintable() and char not in " ,;" for char in found.address + found.host + found.port)


def test_peers_are_addresses_networks_and_two_words():
    assert check_peers("10.0.0.0/8, ::1 unix") == ("10.0.0.0/8", "::1", "unix")
    with pytest.raises(ValueError, match=r"'proxy\.example' is no address"):
        check_peers("10.0.0.1,proxy.example")


def test_trust():
    peers = TrustedPeers(["10.0.0.0/8", "::1", "unix"])
    assert peers.trusts("10.1.2.3")
    assert peers.trusts("::ffff:10.1.2.3")
    assert peers.trusts("::1")
    assert peers.trusts("")
    assert not peers.trusts("11.0.0.1")
    assert not peers.trusts("nonsense")
    assert not TrustedPeers([]).trusts("")
    assert not TrustedPeers([])
