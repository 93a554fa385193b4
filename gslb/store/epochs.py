"""Epochs: every start of a writer is a later one, whatever the clock says.

Asked by a store when one of its probers, operators or sites says its first word. Blocking; call it in a thread. The file (`kept_file`):
`{name: epoch}`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gslb import log
from gslb.errors import StoreError
from gslb.store import kept_file

FILE: Final = "epochs"
_MAGIC: Final = "gslb-epochs 1"


def next_epoch(state_dir: Path | None, name: str, wall_ms: int) -> int:
    """Return the wall clock's milliseconds, or one more than the last epoch where the clock was set back; on disk before it is used.

    A disk that takes nothing is no reason to fall silent: then the clock alone counts, and the log says so.
    """
    if state_dir is None:
        return wall_ms
    content, problem = kept_file.read(state_dir / FILE, _MAGIC)
    if problem:
        log.warning("epochs from before are lost: the clock alone counts", reason=problem)
    known = {key: epoch for key, epoch in content.items() if type(epoch) is int} if isinstance(content, dict) else {}
    epoch = max(wall_ms, known.get(name, 0) + 1)
    try:
        kept_file.write(state_dir / FILE, _MAGIC, {**known, name: epoch}, "epoch")
    except StoreError as error:
        log.warning("the epoch is not on disk: after a restart with the clock set back nobody will believe this writer", reason=str(error))
    return epoch
