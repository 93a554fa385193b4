"""Operators' files as a command line names them: a path, or a path in a git revision (`HEAD~1:zones/`).

Used by `gslb diff`. Of a revision nothing is checked out: git is asked for its files' contents. Raises UsageError.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gslb.errors import UsageError

if TYPE_CHECKING:
    from gslb.model import Model

LARGEST: Final = 512 << 20  # octets of all files of a revision
SECONDS: Final = 120.0  # for git


def model(named: str, networks: Path | None) -> Model:
    """Load what is named: a file or folder that is there, else REVISION:PATH."""
    from gslb.explain import given, subject

    path = Path(named)
    if path.exists():
        return subject.files([path], networks)
    revision, colon, inside = named.partition(":")
    if not colon or not revision:
        raise UsageError(f"there is no {named}; a git revision is written as HEAD~1:{named.strip('/') or 'zones'}/")
    texts = texts_of(revision, inside)
    return given.model_or_usage(texts, networks)


def texts(named: str, networks: Path | None) -> dict[str, str]:
    """Return what is named as texts, for a node to judge."""
    from gslb.explain import given

    path = Path(named)
    if path.exists():
        return given.texts([path], networks)
    revision, colon, inside = named.partition(":")
    if not colon or not revision:
        raise UsageError(f"there is no {named}")
    found = texts_of(revision, inside)
    if networks is not None and networks.is_file():
        found.setdefault(str(networks.with_name("networks.yaml")), networks.read_text(encoding="utf-8", errors="replace"))
    return found


def texts_of(revision: str, inside: str) -> dict[str, str]:
    """Return the files of a folder, or the file, as they are in a revision: name → text. Names begin with the revision, for messages."""
    what = f"{revision}:{inside.rstrip('/')}"
    kind = _git("cat-file", "-t", what).decode().strip()
    if kind == "blob":
        return {f"{what}": _git("cat-file", "blob", what).decode("utf-8", errors="replace")}
    texts: dict[str, str] = {}
    with tarfile.open(fileobj=io.BytesIO(_git("archive", "--format=tar", what))) as archive:
        for member in archive:
            if member.isfile() and (file := archive.extractfile(member)) is not None:
                texts[f"{what}/{member.name}"] = file.read().decode("utf-8", errors="replace")
    return texts


def _git(*arguments: str) -> bytes:
    """Run git in this folder. What it says against it is the message."""
    if any(one.startswith("-") for one in arguments[-1:]):
        raise UsageError(f"{arguments[-1]!r} is no git revision")
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, timeout=SECONDS, check=False)  # noqa: S603, S607  whichever git the operator uses
    except FileNotFoundError:
        raise UsageError("git is not installed: give folders or files") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git did not answer within {SECONDS:.0f} s") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise UsageError(f"git: {said[0].removeprefix('fatal: ') if said else 'failed'}")
    if len(done.stdout) > LARGEST:
        raise UsageError(f"{arguments[-1]} is larger than {LARGEST >> 20} MiB")
    return done.stdout
