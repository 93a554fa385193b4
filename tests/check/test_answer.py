"""HTTP answers off the wire, well and badly made, in pieces of every size."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gslb.check.answer import BODY_LIMIT, Dialogue, plain_head
from gslb.check.attempt import Progress, Unfit

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


async def answer(octets, method="GET", size=65536):
    reader = asyncio.StreamReader()

    async def feed():
        for at in range(0, len(octets), size):
            reader.feed_data(octets[at : at + size])
            await asyncio.sleep(0)
        reader.feed_eof()

    task = asyncio.create_task(feed())
    try:
        return await Dialogue(method, "/", [("Host", "a.example"), ("Connection", "close")]).answer(reader, Progress())
    finally:
        await task


@pytest.mark.parametrize("size", [1, 3, 65536])
@pytest.mark.parametrize(
    ("octets", "method", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello, more", "GET", 200, b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", "GET", 200, b"hello"),
        (b"HTTP/1.1 200\r\n\r\n", "GET", 200, b""),
        (b"HTTP/1.1 200 OK\nA: b\n\nhello", "GET", 200, b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "GET", 200, b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "HEAD", 200, b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "GET", 204, b""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 503 Gone\r\n\r\nno", "GET", 503, b"no"),
        (CHUNKED + b"5\r\nhello\r\n2;a=b\r\n w\r\n0\r\nTrailer: x\r\n\r\n", "GET", 200, b"hello w"),
        (CHUNKED + b"0\r\n\r\n", "GET", 200, b""),
        (CHUNKED + b"A \r\n0123456789\r\n000\r\n\r\n", "GET", 200, b"0123456789"),
    ],
)
async def test_good_answers(octets, method, status, body, size):
    it = await answer(octets, method, size)
    assert (it.status, it.body, it.cut) == (status, body, False)


async def test_fields():
    it = await answer(b"HTTP/1.1 200 OK\r\nA:b\r\nB:  c d \t\r\na: \xe9\r\nEmpty:\r\n\r\n")
    assert it.fields == (("a", "b"), ("b", "c d"), ("a", "é"), ("empty", ""))
    assert it.field("a") == ["b", "é"]


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
async def test_the_body_is_bounded(head):
    it = await answer(head + b"x" * 100_000)
    assert (len(it.body), it.cut) == (BODY_LIMIT, True)
    whole = await answer(head.replace(b"100000", b"65536") + b"x" * BODY_LIMIT)
    assert (len(whole.body), whole.cut) == (BODY_LIMIT, False)


@pytest.mark.parametrize("size", [1, 1000, 0xFFFFFFFF])
async def test_a_chunked_body_is_bounded(size):
    body = (b"%x\r\n" % size + b"x" * min(size, 70_000) + b"\r\n") * min(70_000, 1 + 70_000 // size)
    it = await answer(CHUNKED + body)
    assert (len(it.body), it.cut) == (BODY_LIMIT, True)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"", "closed without an answer"),
        (b"HTTP/1.1 200", "broken off: "),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP: illegal status line"),
        (b"\x16\x03\x01\x00\x05hello", "not HTTP: "),
        (b"HTTP/2 200\r\n\r\n", "not HTTP: illegal status line"),
        (b"HTTP/1.1 099 x\r\n\r\n", "not HTTP: "),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "not HTTP: illegal header line"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000, "not HTTP: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "broken off: "),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhell", "not HTTP: bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", "not HTTP: conflicting Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not HTTP: "),
        (CHUNKED + b"5\r\nhel", "broken off: "),
        (CHUNKED + b"5\r\nhello", "broken off: "),
        (CHUNKED + b"5\r\nhellooo\r\n", "not HTTP: "),
        (CHUNKED + b"xyz\r\nhello", "not HTTP: "),
        (CHUNKED + b"-1\r\nhello", "not HTTP: "),
        (CHUNKED + b"1" * 100_000, "not HTTP: "),
    ],
)
async def test_bad_answers(octets, reason):
    with pytest.raises(Unfit) as caught:
        await answer(octets)
    assert str(caught.value).startswith(reason)


TOKENS = st.sampled_from(["Content-Length", "content-length", "Transfer-Encoding", "X-A", "Content-Type", "b@d", "", "Connection"])
VALUES = st.sampled_from(["5", "05", " 5\t", "5, 5", "+5", "99", "chunked", "a b", "\xe9", "", "close", "1" * 17])
STATUS = st.sampled_from(["200 OK", "200", "204 No Content", "304 No", "500 \xe9", "199 Early", "99 x", "2000 x", "301 "])


@given(
    st.sampled_from(["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "http/1.1"]),
    STATUS,
    st.lists(st.tuples(TOKENS, st.sampled_from([":", " :", ""]) | st.just(":"), VALUES), max_size=4),
    st.sampled_from([b"hello", b"hel", b"hello and more", b"5\r\nhello\r\n0\r\n\r\n", b""]),
)
@example("HTTP/1.1", "200 OK", [("Content-Length", ":", "5"), ("Transfer-Encoding", ":", "chunked")], b"5\r\nhello\r\n0\r\n\r\n")
def test_what_is_read_at_once_is_what_h11_reads(version, status, fields, body):
    """Octet by octet only h11 reads; in one piece a plain head is read without it."""
    head = f"{version} {status}\r\n" + "".join(f"{name}{colon}{value}\r\n" for name, colon, value in fields) + "\r\n"
    octets = head.encode("latin-1") + body

    async def outcome(size):
        try:
            return await answer(octets, size=size)
        except Unfit as unfit:
            return str(unfit)

    async def both():
        return await outcome(65536), await outcome(1)

    whole, pieces = asyncio.run(both())
    assert whole == pieces


def test_most_answers_are_plain():
    head = plain_head(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 5\r\n\r\nhello")
    assert head == (200, (("server", "nginx"), ("content-length", "5")), 53, 5)
