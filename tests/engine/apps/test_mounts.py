"""Which mount a request is for."""

from __future__ import annotations

import pytest

from engine.apps.mounts import MountTable
from engine.protocols.events import RequestHead, UwsgiHead

MOUNTS = [("", "root"), ("/shop", "shop"), ("/shop/cart", "cart"), ("/é", "accent")]


def http(path):
    return RequestHead("GET", path, path, b"", [])


def uwsgi(**variables):
    return UwsgiHead(0, 0, variables)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (b"/", "root"),
        (b"/shop", "shop"),
        (b"/shop/", "shop"),
        (b"/shop/x", "shop"),
        (b"/shopping", "root"),
        (b"/shop/cart", "cart"),
        (b"/shop/cart/1", "cart"),
        (b"/shop/carts", "shop"),
        (b"/sh%6fp/x", "shop"),
        (b"/%C3%A9/x", "accent"),
        (b"*", "root"),
        (b"/x/shop", "root"),
    ],
)
def test_the_longest_path_that_ends_at_a_slash_wins(path, found):
    assert MountTable(MOUNTS).find(http(path)) == found


def test_nothing_is_found_without_an_application_at_the_root():
    assert MountTable(MOUNTS[1:]).find(http(b"/other")) is None


def test_a_front_end_that_says_nothing_leaves_it_to_the_path():
    assert MountTable(MOUNTS).find(uwsgi(PATH_INFO="/shop/x", SCRIPT_NAME="")) == "shop"


def test_a_front_end_may_choose_by_script_name_or_appid():
    table = MountTable(MOUNTS)
    assert table.find(uwsgi(PATH_INFO="/x", SCRIPT_NAME="/shop")) == "shop"
    assert table.find(uwsgi(PATH_INFO="/shop/x", UWSGI_APPID="/shop/cart")) == "cart"
    assert table.find(uwsgi(PATH_INFO="/shop", SCRIPT_NAME="/elsewhere")) == "root"


def test_manage_script_name_goes_by_the_path_whatever_the_front_end_says():
    table = MountTable(MOUNTS, by_path=True)
    assert table.find(uwsgi(PATH_INFO="/shop/cart", SCRIPT_NAME="/elsewhere")) == "cart"
