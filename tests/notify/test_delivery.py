"""A receiver that fails, hangs, says "later", or is not there: what is told arrives once, late or never, and nobody waits for it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from pathlib import Path
from typing import Any

import pytest

from gslb import metrics
from gslb.notify import delivery
from gslb.notify.delivery import Delivery, backoff, judged, signature
from gslb.notify.message import Notice, State, gathered
from gslb.notify.shapes import SHAPES


def count(name, result):
    return metrics.REGISTRY.get_sample_value("gslb_notifications_total", {"receiver": name, "result": result}) or 0


@pytest.fixture
def make(receiver, run, request):
    """Start a delivery to the receiver; what it gives up is kept."""

    def start(shape="webhook", url=None, secret="key", timeout=5.0, *, working=True, secret_from=None):
        lost = []
        one = Delivery(
            request.node.name,
            SHAPES[shape],
            lambda: url or receiver.url,
            secret_from or (lambda: secret),
            signed=shape == "webhook",
            timeout=timeout,
            given_up=lambda name, why: lost.append((name, why)),
            pause=lambda _n: 0.0,
        )
        one.lost = lost
        if working:
            run(one.run())
        return one

    return start


@pytest.fixture
def message(event):
    def make(subject="web 192.0.2.1"):
        return gathered("ns1", time.time(), [Notice(event(subject=subject), State.BEGINS)])

    return make


async def until(ready):
    async with asyncio.timeout(20):
        while not ready():
            await asyncio.sleep(0.005)


async def test_what_is_sent_is_signed_with_its_time(make, receiver, message):
    make().put(message())
    await receiver.until(1)
    headers = receiver.headers[0]
    wanted = hmac.new(b"key", headers["X-Gslb-Timestamp"].encode() + b"." + receiver.got[0], hashlib.sha256).hexdigest()
    assert headers["X-Gslb-Signature"] == f"v1={wanted}"
    assert abs(int(headers["X-Gslb-Timestamp"]) - time.time()) < 30
    assert signature("key", "1", b"x") != signature("key", "2", b"x") != signature("other", "2", b"x")
    assert headers["Content-Type"] == "application/json"


async def test_a_receiver_that_fails_gets_it_later_and_the_same(make, receiver, message, request):
    receiver.answers = [500, 503, (429, {"Retry-After": "0"}), 200]
    one = make()
    one.put(message())
    await until(lambda: count(request.node.name, "sent") == 1)
    assert len(set(receiver.got)) == 1
    assert len({headers["X-Gslb-Delivery"] for headers in receiver.headers}) == 1
    assert len(receiver.got) == 4
    assert not one.lost


async def test_what_will_never_be_taken_is_not_tried_again(make, receiver, message, monkeypatch):
    said = []
    monkeypatch.setattr("gslb.log.warning", lambda event, **fields: said.append((event, fields)))
    receiver.answers = [404, 200]
    one = make()
    one.put(message())
    one.put(message("later"))
    await receiver.until(2)
    await until(lambda: one.lost)
    assert one.lost[0][1].startswith("it answered 404: web 192.0.2.1")
    assert "SECRET" not in str(said), "no URL is logged"
    assert receiver.said[1]["summary"].startswith("later")


async def test_a_receiver_that_hangs_costs_its_own_queue_and_no_more(make, receiver, message, monkeypatch, request):
    monkeypatch.setattr(delivery, "ATTEMPTS", 2)
    receiver.answers = ["hang"]
    one = make(timeout=0.5)
    began = time.monotonic()
    for n in range(delivery.ROOM + 20):
        one.put(message(f"s{n}"))
    assert time.monotonic() - began < 5, "nobody waits"
    assert count(request.node.name, "dropped") == 20
    await until(lambda: any("no answer within 0.5 s, 2 attempts" in why for _, why in one.lost))
    receiver.answers = [200]
    receiver._let_go.set()
    newest = f"s{delivery.ROOM + 19}:"
    await until(lambda: any(said["summary"].startswith(newest) for said in receiver.said))


async def test_nobody_is_there(make, message, monkeypatch):
    monkeypatch.setattr(delivery, "ATTEMPTS", 3)
    one = make(url="http://127.0.0.1:1/TOKEN")
    one.put(message())
    await until(lambda: one.lost)
    assert "cannot connect to 127.0.0.1: Connection refused, 3 attempts" in one.lost[0][1]
    assert "TOKEN" not in str(one.lost)


async def test_redirects_are_not_followed(make, receiver, message):
    receiver.answers = [(302, {"Location": "http://127.0.0.1:1/"})]
    one = make()
    one.put(message())
    await until(lambda: one.lost)
    assert "it answered 302" in one.lost[0][1]


async def test_a_secret_that_cannot_be_read_is_said_and_does_no_harm(make, message, receiver):
    def secret():
        raise PermissionError(13, "Permission denied", "/etc/secret")

    one = make("pagerduty", secret_from=secret)
    one.put(message())
    assert one.lost == [(one.name, "its secret cannot be read: Permission denied")]
    assert not receiver.got


def test_what_a_status_means():
    assert judged(204, "") is None
    assert judged(429, "7").after == 7
    assert judged(503, "100000").after == delivery.PATIENCE
    assert judged(429, "soon").after == 0
    assert [judged(status, "").final for status in (301, 400, 408, 429, 500)] == [True, True, False, False, False]


def test_pauses_grow_and_are_spread():
    assert all(delivery.FIRST * 2 ** (n - 1) / 2 <= backoff(n) <= delivery.FIRST * 2 ** (n - 1) for n in range(1, 7))
    assert backoff(40) <= delivery.LONGEST
    assert len({backoff(3) for _ in range(20)}) > 1


def test_the_page_s_way_to_check_a_signature_works():
    page = (Path(__file__).parents[2] / "docs/how-to/be-paged.md").read_text()
    known: dict[str, Any] = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1), known)  # our own page
    stamp, body = str(int(time.time())), b'{"x": 1}'
    headers = {"X-Gslb-Timestamp": stamp, "X-Gslb-Signature": signature("key", stamp, body)}
    assert known["genuine"]("key", headers, body)
    assert not known["genuine"]("other", headers, body)
    assert not known["genuine"]("key", headers, body + b" ")
    assert not known["genuine"]("key", headers | {"X-Gslb-Timestamp": "1"}, body)
