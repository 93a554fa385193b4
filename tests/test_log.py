"""Log lines: one JSON object each, in order, with what the process is; and never a wait."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import time

from gslb import log

CODE = """
import sys
from gslb import log
log.configure({configure})
{body}
log.flush()
"""


def run(body: str, configure: str = "role='plane'", **options: object) -> list[str]:
    code = CODE.format(body=body, configure=configure)
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True, check=True, timeout=30, **options)
    return done.stderr.splitlines()


def test_lines_are_json_away_from_a_terminal() -> None:
    lines = [json.loads(line) for line in run("for n in range(50): log.info('it is on', number=n)\nlog.error('it is off', where=b'x')")]
    assert [line["number"] for line in lines[:50]] == list(range(50))
    assert lines[50]["level"] == "error"
    assert {line["role"] for line in lines} == {"plane"}
    assert lines[0]["ts"].endswith("Z")


def test_levels_and_formats_can_be_chosen() -> None:
    lines = run("log.debug('a'); log.info('b'); log.warning('c', key='value')", "'warning', 'text', role='plane'")
    assert len(lines) == 1
    assert "c" in lines[0].split()
    assert "key=value" in lines[0]


def test_a_terminal_gets_text() -> None:
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", CODE.format(body="log.info('hello', site='fra')", configure="role='x'")], stderr=theirs, check=True, timeout=30
    )
    text = os.read(ours, 4096).decode()
    os.close(theirs)
    os.close(ours)
    assert "hello" in text
    assert not text.startswith("{")


def test_a_pipe_that_nobody_reads_blocks_nobody() -> None:
    body = """
import time
log.info('first')
began = time.monotonic()
for n in range(40_000):
    log.info('x' * 100, n=n)
took = time.monotonic() - began
assert log.dropped() > 0
print(took)
log.flush = lambda: None
"""
    code = CODE.format(body=body, configure="role='x'")
    ours, theirs = os.pipe()
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", code], stderr=theirs, stdout=subprocess.PIPE, text=True)
    out, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0
    assert float(out) < 20
    assert time.monotonic() - began < 40


def test_no_line_loads_rich() -> None:
    code = "import sys; from gslb import log; log.prepare(); log.info('x'); sys.exit('rich' in sys.modules or 'pygments' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_the_query_log_gets_half_of_the_room_and_one_place_for_many_lines(monkeypatch):
    monkeypatch.setattr(log, "ROOM", 4)
    writer = log._Writer()
    monkeypatch.setattr(writer, "_begin", lambda: None)
    assert [writer.together(["a", "b"]) for _ in range(4)] == [2, 2, 2, 0]
    writer.msg("c")
    assert writer.dropped == 0
    assert [writer._lines.get_nowait() for _ in range(4)] == ["a\nb", "a\nb", "a\nb", "c"]
