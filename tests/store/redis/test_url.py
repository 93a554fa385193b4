"""URLs of shared stores: what they say is obeyed, what makes no sense is said, and a password is never repeated."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gslb.errors import StoreError
from gslb.store import open_store
from gslb.store.redis.url import Login, Place, Tls, parse


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://h", Place("single", (("h", 6379),))),
        ("redis://:p%40ss@h:7000/3", Place("single", (("h", 7000),), login=Login("", "p@ss"), db=3)),
        ("redis://ann:b%3Ac@[2001:db8::1]:7000?name=prod", Place("single", (("2001:db8::1", 7000),), login=Login("ann", "b:c"), name="prod")),
        ("rediss://h?ca=/a.pem&cert=/c.pem&key=/k.pem", Place("single", (("h", 6379),), tls=Tls("/a.pem", "/c.pem", "/k.pem"))),
        ("unix:///run/r.sock?db=2", Place("single", (), "/run/r.sock", db=2)),
        ("unix://u:p@/run/r.sock", Place("single", (), "/run/r.sock", Login("u", "p"))),
        (
            "redis+sentinel://u:p@a,b:5/web/1?sentinel_user=s&sentinel_password=t",
            Place("sentinel", (("a", 26379), ("b", 5)), login=Login("u", "p"), db=1, service="web", sentinel_login=Login("s", "t")),
        ),
        ("rediss+cluster://a:1,b", Place("cluster", (("a", 1), ("b", 6379)), tls=Tls())),
    ],
)
def test_what_a_url_says(url, place):
    assert parse(url) == place


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("redis://u:secret@", "names no host"),
        ("redis://u:secret@a,b", "several hosts"),
        ("redis://u:secret@h:99999", "names no host, or none that can be read"),
        ("redis://u:secret@h/one", "the database in the URL is no number"),
        ("redis://u:secret@h/1/2", "too much path"),
        ("redis://u:secret@h?nmae=x", "unknown in the URL: nmae; known are ca, cert"),
        ("redis://u:secret@h?name=a b", "name 'a b' in the URL"),
        ("redis://u:secret@h?ca=x", "are for rediss://"),
        ("unix://u:secret@host/run/r.sock", "has a path and no host"),
        ("unix://u:secret@/", "has a path and no host"),
        ("redis+sentinel://u:secret@h", "names the service"),
        ("redis+cluster://u:secret@h/1", "a Cluster has one database"),
        ("unix+cluster://u:secret@h", "no store for unix\\+cluster://"),
    ],
)
def test_what_makes_no_sense(url, message):
    with pytest.raises(StoreError, match=message) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)


def test_it_is_shown_without_passwords():
    assert parse("redis+sentinel://u:secret@a,[::1]:5/web?sentinel_password=secret").shown == "redis+sentinel://a:26379,[::1]:5/web"
    assert parse("unix://u:secret@/run/r.sock").shown == "unix:///run/r.sock"
    assert parse("rediss://u:secret@h").shown == "rediss://h:6379"


def test_the_library_is_imported_by_whoever_opens_a_store():
    program = "import sys, gslb.store; assert 'redis' not in sys.modules; gslb.store.open_store('redis://h'); assert 'redis' in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
