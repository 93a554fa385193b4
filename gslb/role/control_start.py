"""Control's first half second: geo data is read in a thread while the rest of control is imported, for both take as long.

Started by the supervisor (`python -m gslb.role.control_start`) with the arguments of `gslb.role.control`. Says nothing and fails at nothing:
what is wrong with arguments, settings or data is control's to say.
"""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path

from gslb import geo
from gslb.config import settings as settings_file
from gslb.errors import GslbError


def read_ahead() -> None:
    """Begin to read the geo data that the settings name."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--settings", type=Path)
    with suppress(GslbError, OSError, argparse.ArgumentError):
        settings = settings_file.load(parser.parse_known_args()[0].settings, os.environ)
        if path := settings.geo.database or geo.shipped():
            geo.read_ahead(path, cache=settings.state_dir)


def main() -> None:
    """Begin to read, then be control."""
    read_ahead()
    from gslb.role import control  # noqa: PLC0415  the half second that this is about

    control.main()


if __name__ == "__main__":
    main()
