"""Published versions for people: the list, one version, what was published and how far it has come. Plain data in, text out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from gslb.cli.override_view import clock
from gslb.errors import UsageError

SHOWN: Final = 10  # nodes that are named


def versions(answer: Mapping[str, Any]) -> str:
    """Write the list of versions, and where they are served."""
    if not answer["versions"]:
        return "nothing has been published yet: gslb publish DIR\n"
    now = time.time()
    on = [one["config"] for one in answer["nodes"]]
    rows: list[tuple[str, ...]] = [("VERSION", "PUBLISHED", "BY", "KEY", "FILES", "SIZE", "NODES", "WHY")]
    for one in answer["versions"]:
        why = one["message"] or (f"back to version {one['based_on']}" if one["based_on"] else "")
        nodes = str(on.count(one["version"]) or "")
        rows.append((str(one["version"]), clock(one["at"], now), one["author"], one["signed_by"], str(one["files"]), _size(one["size"]), nodes, why))
    refused = "".join(f"{one['node']} runs version {one['config']}: {one['refused']}\n" for one in answer["nodes"] if one["refused"])
    return "".join(f"{line}\n" for line in _columns(rows)) + refused


def version(answer: Mapping[str, Any], *, files: bool) -> str:
    """Write one version, with its files or without."""
    text = _about(answer)
    return text + "".join(f"\n── {name}\n{content.rstrip()}\n" for name, content in answer["files"].items()) if files else text


def write_files(files: Mapping[str, str], into: Path) -> None:
    """Write the files of a version into a folder. Raises UsageError where something is there, or the disk takes nothing."""
    try:
        into.mkdir(parents=True, exist_ok=True)
        if any(into.iterdir()):
            raise UsageError(f"{into} is not empty: nothing is written over")
        for name, content in files.items():  # the store has seen to it that no name leads elsewhere
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            (into / name).write_bytes(content.encode())
    except OSError as error:
        raise UsageError(f"{into}: {error.strerror or error}") from None


def difference(answer: Mapping[str, Any]) -> str:
    """Write what differs between two versions."""
    from gslb.explain import difference_text

    old, new = answer["old"]["version"], answer["new"]["version"]
    if answer["same"]:
        return f"versions {old} and {new} have the same files\n"
    lines = [line for one in answer["files"] for line in _file(one)]
    told = difference_text.changed(answer["changes"])
    return "\n".join([f"from version {old} to version {new}", "", *lines]) + "\n" + (f"\n{told}" if told else "")


def made(answer: Mapping[str, Any]) -> str:
    """Write what is published, or would be."""
    from gslb.explain import difference_text

    if answer["unchanged"]:
        return f"nothing has changed: version {answer['version']} has these files already\n"
    told = difference_text.changed(answer["changes"])
    guards = "".join(f"{'REFUSED' if answer['refused'] else 'forced'}: {one}\n" for one in answer["guards"])
    if answer["dry_run"]:
        would = "would be refused without --force" if answer["refused"] else "would be published"
        return f"{guards}{told}after version {answer['after'] or 'none'}, this {would} as version {answer['version']}\n"
    return f"{guards}{told}{_about(answer)}"


def spread(answer: Mapping[str, Any]) -> str:
    """Write how far a version has come."""
    nodes, number = answer["nodes"], answer["version"]
    if not nodes:
        return "no node follows published versions yet (fleet: {follow: true})\n"
    late = [one for one in nodes if one["config"] < number]
    text = f"served by {len(nodes) - len(late)} of {len(nodes)} after {answer['seconds']:.1f} s\n"
    for one in late[:SHOWN]:
        text += f"  {one['node']} runs version {one['config'] or 'none'}: {one['refused'] or 'not there yet'}\n"
    return text + (f"  and {len(late) - SHOWN} more\n" if len(late) > SHOWN else "")


def _about(answer: Mapping[str, Any]) -> str:
    by = f" by {answer['author']}" if answer["author"] else ""
    back = f", back to version {answer['based_on']}" if answer["based_on"] else ""
    why = f": {answer['message']}" if answer["message"] else ""
    count = answer["files"] if isinstance(answer["files"], int) else len(answer["files"])
    size = f"{count} file{'s' if count != 1 else ''}, {_size(answer['size'])}"
    when = clock(answer["at"], time.time())
    return f"version {answer['version']}{back}, published{by} at {when}{why} ({size}, key {answer['signed_by']})\n"


def _file(one: Mapping[str, Any]) -> Iterator[str]:
    if one["lines"]:
        yield from one["lines"]
    else:
        yield f"{one['change']}: {one['name']} ({_size(one['size']['old'])} → {_size(one['size']['new'])})"
    if one["cut"]:
        yield f"({one['name']}: too long to be shown whole)"
    yield ""


def _size(octets: int) -> str:
    for unit, size in (("MiB", 1 << 20), ("KiB", 1 << 10)):
        if octets >= size:
            return f"{octets / size:.1f} {unit}"
    return f"{octets} B"


def _columns(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
