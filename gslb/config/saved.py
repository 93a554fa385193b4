"""The last accepted files, kept in the state directory: what a restart serves when the operator's files are broken.

Saved by control after each accepted load, loaded when a load at start is refused. Blocking; call it in a thread. What was kept is judged
again when it is loaded. The file: one line `gslb-accepted 1 SHA256-OF-THE-REST`, then JSON `[[path, role, text], …]`; put in place by
rename once it is whole on disk, so a crash leaves the old one or the new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from gslb.config.loaded import Loaded, Role, Source, build
from gslb.config.master_file import included_file
from gslb.config.reading import Include
from gslb.errors import Problems, StoreError

FILE: Final = "accepted"
PIECE: Final = 1 << 20  # characters of a file that are written at a time: a few milliseconds
_MAGIC: Final = b"gslb-accepted 1 "


def save(state_dir: Path, loaded: Loaded) -> None:
    """Keep an accepted load. Raises StoreError where the disk does not take it; what was kept before is then still there."""
    temporary = ""
    try:
        state_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=state_dir, prefix=f".{FILE}-", delete=False) as file:  # mode 0600: zones may be nobody else's business
            temporary = file.name
            digest = hashlib.sha256()
            file.write(_head(digest))  # its room, for now
            for piece in _pieces(loaded.files):
                digest.update(piece)
                file.write(piece)
            file.seek(0)
            file.write(_head(digest))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(state_dir / FILE)
        _sync(state_dir)
    except OSError as error:
        with contextlib.suppress(OSError):
            if temporary:
                Path(temporary).unlink(missing_ok=True)
        raise StoreError(f"accepted files not kept in {state_dir}: {error.strerror or error}") from None


def load_saved(state_dir: Path, *, silence: frozenset[str] = frozenset()) -> Loaded | None:
    """Load what was kept; None where nothing is. Raises StoreError where it cannot be believed."""
    target = state_dir / FILE
    try:
        whole = target.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{target} cannot be read: {error.strerror or error}") from None
    start = whole.find(b"\n") + 1
    rest = memoryview(whole)[start:]
    if whole[:start] != _head(hashlib.sha256(rest)):
        raise StoreError(f"{target} is damaged or of another version: its first line does not fit the rest")
    try:
        sources = [Source(Path(path), text, Role(role)) for path, role, text in json.loads(whole[start:])]
    except (ValueError, TypeError):
        raise StoreError(f"{target} is not what this version writes") from None
    included = {source.name: source.text for source in sources if source.role is Role.INCLUDED}
    return build((source for source in sources if source.role is not Role.INCLUDED), Problems(), _includes(included), silence=silence)


def _head(digest: hashlib._Hash) -> bytes:
    """Return the first line; its length is always the same."""
    return _MAGIC + digest.hexdigest().encode() + b"\n"


def _pieces(sources: Iterable[Source]) -> Iterator[bytes]:
    """Write JSON in pieces: a large file is never held a second time, and no other thread waits long."""
    before = b"["
    for source in sources:
        path, role = json.dumps(str(source.path)), json.dumps(source.role)
        yield before + f'[{path}, {role}, "'.encode()
        for at in range(0, len(source.text), PIECE):
            yield json.dumps(source.text[at : at + PIECE])[1:-1].encode()
        yield b'"]'
        before = b", "
    yield b"[]" if before == b"[" else b"]"


def _includes(texts: dict[str, str]) -> Callable[[Source], Include]:
    def of(source: Source) -> Include:
        def include(path: str) -> str:
            name = included_file(source.name, path)
            if name not in texts:
                raise ValueError(f"{path!r} was not kept")
            return texts[name]

        return include

    return of


def _sync(folder: Path) -> None:
    """Make the rename last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
