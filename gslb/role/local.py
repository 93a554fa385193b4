"""The local control socket: `gslb reload` and `gslb status` talk to control here, one JSON line each way.

A unix socket in the state directory, for this user only (mode 0600). A request names its command, `{"do": "status"}`, and beside it what the
command needs to know; the answer is whatever the command gives, or `{"error": …}`. Both ends are in this file, so that they cannot differ.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

from gslb import log
from gslb.errors import GslbError, ListenError, UsageError

LARGEST: Final = 16 << 20  # octets of an answer: the problems of a very broken folder
LONGEST: Final = 64 << 20  # octets of a request: all of an operator's files, to be compared with what is served
SHOWN: Final = 500  # octets of a request that failed, in the log
IDLE: Final = 10.0  # seconds for a client to say what it wants

_POWER: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")  # over a terminal

Answer = dict[str, Any]
Request = Mapping[str, Any]  # what was said beside the command; not to be trusted to be of the right types
Command = Callable[[Request], Awaitable[Answer]]


async def serve(path: Path, commands: Mapping[str, Command]) -> asyncio.Server:
    """Listen at a path; what was left there by a dead process is replaced. Raises UsageError where another service lives there."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(IDLE):
                line = await reader.readline()
            answer = await _do(line, commands)
            writer.write(json.dumps(answer, default=str).encode() + b"\n")
            await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    if await _answers(path):
        raise UsageError(f"another service uses {path}: give this one its own state_dir")
    old = os.umask(0o177)  # nobody else's from its first moment on
    try:
        path.unlink(missing_ok=True)  # noqa: ASYNC240  one system call, before anything is served
        return await asyncio.start_unix_server(talk, path, limit=LONGEST)
    except OSError as error:
        raise ListenError(f"cannot listen on {path}: {error.strerror or error}") from None
    finally:
        os.umask(old)


async def _answers(path: Path) -> bool:
    """Whether somebody listens there; what a dead process left behind does not count."""
    try:
        _reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    writer.close()
    return True


async def _do(line: bytes, commands: Mapping[str, Command]) -> Answer:
    try:
        request = json.loads(line)
        command = commands[request["do"]]
    except (ValueError, KeyError, TypeError, RecursionError):  # the last one: `[` ten thousand times
        return {"error": f"unknown command; known: {', '.join(commands)}"}
    try:
        return await command(request)
    except GslbError as error:  # what was asked for cannot be done: an answer, not a fault
        return {"error": str(error)}
    except Exception as error:  # noqa: BLE001  whoever asks must hear of it, and control must live
        log.error("a local command failed", command=line[:SHOWN].decode(errors="replace").strip(), error=repr(error))
        return {"error": f"the command failed: {error!r}"}


def ask(path: Path, command: str, seconds: float = 120.0, /, **said: Any) -> Answer:
    """Ask the running service; `said` goes with the command. Raises UsageError where there is none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(seconds)
        try:
            sock.connect(str(path))
            sock.sendall(json.dumps({**said, "do": command}).encode() + b"\n")
            with sock.makefile("rb") as lines:
                line = lines.readline(LARGEST)
        except FileNotFoundError:
            raise UsageError(f"no service runs here: there is no {path} (is `state_dir` the service's own?)") from None
        except ConnectionRefusedError:
            raise UsageError(f"no control process answers at {path}: see the service's log") from None
        except PermissionError:
            raise UsageError(f"no permission to use {path}: be the user who started the service") from None
        except TimeoutError:
            raise UsageError(f"the control process did not answer within {seconds:.0f} s: see the service's log") from None
    if not line:
        raise UsageError("the control process ended while it was asked: see the service's log")
    answer: Answer = _tamed(json.loads(line))
    return answer


def _tamed(value: Any) -> Any:
    """Return it as text that a terminal only shows: reasons are what targets answered, and events anybody's who may write into the store."""
    if isinstance(value, str):
        return _POWER.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_tamed(key): _tamed(one) for key, one in value.items()}
    return [_tamed(one) for one in value] if isinstance(value, list) else value
