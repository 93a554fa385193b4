"""The part of a store's contract that is about published versions; run by `check_store` with the rest."""

from __future__ import annotations

import asyncio
from typing import Final

from gslb.bundle import Bundle, Head, Newest
from gslb.errors import StoreError
from gslb.store.state import OvertakenError, Store

_LIMIT: Final = 5.0  # seconds for anything to be heard
FILES: Final = {"example.com.yaml": "zone: example.com # ✓\n".encode(), "inc/of.zone": bytes(range(256)) * 4096, "empty.zone": b""}


def version(number: int, files: dict[str, bytes] | None = None, message: str = "", based_on: int = 0) -> Bundle:
    """Make one that nobody has published."""
    return Bundle(number, 0.0, "ann", message or f"the {number}th — ✓", FILES | {"n.yaml": f"n: {number}\n".encode()} | (files or {}), based_on)


async def begins_without_versions(store: Store) -> None:
    """Know of none, and say so."""
    assert await store.newest() == Newest()
    assert await store.bundles() == []
    assert (await store.read()).bundle == 0
    try:
        await store.bundle(1)
    except StoreError:
        return
    raise AssertionError("there was a version in an empty store")


async def takes_versions(store: Store) -> None:
    """Give back what was published, every octet and every word of it."""
    first = await store.publish_bundle(version(1), 0)
    second = await store.publish_bundle(version(7, based_on=1), 1)
    assert (second.version, second.author, second.message, second.based_on) == (7, "ann", "the 7th — ✓", 1)
    assert (second.files, second.size, second.digest) == (4, version(7).size, version(7).digest)
    assert abs(second.at - await store.now()) < _LIMIT, "its time is the store's"
    assert (await store.newest()).head == second
    assert (await store.newest()).floor == 7
    assert [head.version for head in await store.bundles()] == [7, 1]
    assert (await store.read()).bundle == 7
    for head in (first, second):
        bundle = await store.bundle(head.version)
        assert bundle.files == version(head.version).files
        assert (bundle.version, bundle.at, bundle.message, bundle.digest) == (head.version, head.at, head.message, head.digest)


async def refuses_overtaken_versions(store: Store) -> None:
    """Let nobody publish who has not seen the newest one, and go forward only."""
    await store.publish_bundle(version(5), 0)
    for bundle, after in ((version(6), 0), (version(6), 4), (version(5), 5), (version(4), 5), (version(1 << 32), 5)):
        try:
            await store.publish_bundle(bundle, after)
        except StoreError:
            continue
        raise AssertionError("a version that was judged by an old one was taken")
    results = await asyncio.gather(*(store.publish_bundle(version(6, {"by": bytes([n])}), 5) for n in range(4)), return_exceptions=True)
    assert sum(isinstance(result, Head) for result in results) == 1, "of those who publish at once one is first"
    assert all(isinstance(result, Head | OvertakenError) for result in results)
    [taken] = [result for result in results if isinstance(result, Head)]
    assert (await store.bundle(6)).digest == taken.digest


async def refuses_odd_versions(store: Store) -> None:
    """Take no names that lead elsewhere, and no version without files."""
    for files in ({}, {"../etc/passwd": b""}, {"/etc/passwd": b""}, {"a//b": b""}, {"a\nb": b""}, {"": b""}):
        try:
            await store.publish_bundle(Bundle(1, 0.0, "ann", "", files), 0)
        except StoreError:
            continue
        raise AssertionError(f"{files} were taken for the files of a version")
    assert await store.newest() == Newest()


async def keeps_some_versions(store: Store) -> None:
    """Leave as many as asked for; what the older ones have in common with the newer ones stays."""
    for number in range(1, 6):
        await store.publish_bundle(version(number, {"n.yaml": b"the same"} if number in {1, 4} else None), number - 1, keep=3)
    assert [head.version for head in await store.bundles()] == [5, 4, 3]
    assert (await store.bundle(4)).files["n.yaml"] == b"the same"
    again = await store.bundle(3)
    head = await store.publish_bundle(Bundle(6, 0.0, "bob", "back", again.files, 3, sealed=again.sealed), 5, keep=3)
    assert (head.digest, head.based_on) == (again.digest, 3)
    assert (await store.bundle(6)).files == again.files


async def tells_of_versions(store: Store) -> None:
    """Whoever listens hears of a version, by a hint that covers everything; the audit has it, too."""
    listener = store.changes()
    await store.publish_bundle(version(1, message="new site"), 0)
    async with asyncio.timeout(_LIMIT):
        while await anext(listener):
            pass
    assert (await store.newest()).version == 1
    [entry] = await store.audited("", 10)
    assert (entry.by, entry.version) == ("ann", 1)
    assert "new site" in entry.what


async def is_not_reminded_of_what_it_knows(store: Store) -> None:
    """Take back what was lost, and nothing that is not newer."""
    await store.publish_bundle(version(1), 0)
    first = await store.bundle(1)
    await store.publish_bundle(version(2), 1)
    assert not await store.remind_bundle(first)
    assert not await store.remind_bundle(await store.bundle(2))
    assert (await store.newest()).version == 2


OF_VERSIONS: Final = (
    begins_without_versions,
    takes_versions,
    refuses_overtaken_versions,
    refuses_odd_versions,
    keeps_some_versions,
    tells_of_versions,
    is_not_reminded_of_what_it_knows,
)
