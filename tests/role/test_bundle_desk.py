"""The desk where versions are published: what it judges, refuses, numbers and tells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gslb.api.service import ChangedError, InvalidError, RefusedError, UnknownError
from gslb.bundle import Bundle
from gslb.errors import UsageError
from gslb.role.bundle_desk import BundleDesk, Order
from gslb.store import MemoryStore, NodeReport

ANN = Order("ann", "why  it\nis so")
NS = "  '': {type: NS, values: [ns1.example.net.]}\n"


def files(*names, head="zone: example.com\n"):
    lines = "".join(f"  {name}: {{type: A, value: 192.0.2.1}}\n" for name in names)
    return {"example.com.yaml": f"{head}records:\n{NS}{lines}".encode()}


@pytest.fixture
async def store():
    one = MemoryStore()
    yield one
    await one.close()


@pytest.fixture
def desk(store):
    return BundleDesk(store, keep=3)


async def test_versions_are_numbered_listed_shown_and_told(desk, store):
    one = await desk.publish(files("www"), ANN)
    assert (one["version"], one["after"], one["author"], one["message"], one["unchanged"]) == (1, 0, "ann", "why it is so", False)
    assert one["changes"]["names"]["added"] == 2
    two = await desk.publish(files("www", "ftp"), ANN._replace(based_on=1))
    assert (two["version"], two["after"]) == (2, 1)
    assert [(item["name"], item["what"]) for item in two["changes"]["names"]["items"]] == [("ftp.example.com.", "added")], "the serial is no change"
    assert [head["version"] for head in await desk.versions()] == [2, 1]
    shown = await desk.version(1)
    assert shown["files"] == {name: data.decode() for name, data in files("www").items()}
    assert (await desk.version())["version"] == 2
    assert [(entry.version, entry.by) for entry in await store.audited("", 9)] == [(2, "ann"), (1, "ann")]
    assert [(event.kind, event.subject, event.by) for event in await store.told("", 9)] == [("publish", f"version {n}", "ann") for n in (1, 2)]


async def test_the_same_files_are_no_new_version(desk, store):
    await desk.publish(files("www"), ANN)
    again = await desk.publish(files("www"), ANN)
    assert (again["version"], again["unchanged"]) == (1, True)
    assert (await store.newest()).version == 1


async def test_what_does_not_load_is_not_published(desk, store):
    with pytest.raises(InvalidError) as refused:
        await desk.publish({"example.com.yaml": b"zone: example.com\nrecords: {www: {pool: none}}\n"}, ANN)
    assert {one["code"] for one in refused.value.problems} >= {"L003"}
    with pytest.raises(RefusedError, match="holds no zone"):
        await desk.publish({"sites.yaml": b"sites: {}\n"}, ANN)
    with pytest.raises(InvalidError, match="is no name"):
        await desk.publish({**files("www"), "../x": b"y"}, ANN)
    assert (await store.newest()).head is None


async def test_the_guard_refuses_what_empties_or_removes_too_much_and_force_does_it(desk, store):
    many = [f"n{number}" for number in range(30)]
    await desk.publish(files("www", *many), ANN)
    emptied = {"example.com.yaml": files(*many)["example.com.yaml"] + b"  www: {type: TXT, value: nobody}\n"}
    for worse, why in ((files("www"), "30 of 32 names"), (emptied, "www"), ({"other.org.yaml": files()["example.com.yaml"][18:]}, "1 of 1 zones")):
        with pytest.raises(RefusedError, match=why) as refused:
            await desk.publish(worse, ANN)
        assert (refused.value.code, refused.value.forceable) == ("guard", True)
        tried = await desk.publish(worse, ANN._replace(dry_run=True))
        assert tried["refused"]
        assert tried["version"] == 2
    assert (await store.newest()).version == 1
    assert (await desk.publish(emptied, ANN._replace(force=True)))["version"] == 2
    back = await desk.rollback(1, Order("bob", "", force=False))
    assert (back["version"], back["based_on"], back["digest"]) == (3, 1, (await store.bundle(1)).digest)
    assert (await store.told("", 1))[0].what == "rolled back to version 1, as version 3"


async def test_who_knows_another_newest_version_is_stopped(desk, store, monkeypatch):
    await desk.publish(files("www"), ANN._replace(based_on=0))
    with pytest.raises(ChangedError, match="the newest version is 1, not 0"):
        await desk.publish(files("ftp"), ANN._replace(based_on=0))
    publish = store.publish_bundle
    overtaken = []

    async def slow(bundle, after, keep):
        if not overtaken:
            overtaken.append(await publish(Bundle(2, 0.0, "bob", "quicker", files("www", "bob")), 1, keep))
        return await publish(bundle, after, keep)

    monkeypatch.setattr(store, "publish_bundle", slow)
    assert (await desk.publish(files("www", "ann"), ANN))["version"] == 3, "judged anew after what bob has published"
    overtaken.clear()
    with pytest.raises(ChangedError):
        await desk.publish(files("www", "x"), ANN._replace(based_on=2))


async def test_a_store_that_has_forgotten_what_nodes_run_is_waited_for(desk, store):
    await desk.publish(files("www"), ANN)
    report = NodeReport("ns1", await store.now(), extra={"role": "node", "follows": True, "config": 7, "newest": 7, "refused": ""})
    await store.report(report)
    with pytest.raises(RefusedError, match="runs version 7, and the store knows none after 1") as refused:
        await desk.publish(files("ftp"), ANN)
    assert refused.value.code == "behind"
    assert (await desk.publish(files("ftp"), ANN._replace(force=True)))["version"] == 8
    await store.report(replace(report, extra={"config": 4_294_967_295, "follows": 1}))
    assert (await desk.publish(files("www"), ANN._replace(force=True)))["version"] == 9, "nobody unsigned drives numbers to their end"
    assert await desk.followers() == []
    await store.report(report)
    assert await desk.followers() == [{"node": "ns1", "role": "node", "config": 7, "newest": 7, "refused": ""}]


async def test_what_differs(desk):
    with pytest.raises(UnknownError, match="nothing has been published"):
        await desk.diff(1, 2)
    await desk.publish(files("www"), ANN)
    with pytest.raises(UnknownError, match="no older version"):
        await desk.diff()
    await desk.publish({**files("www", "ftp"), "more.yaml": b"sites: {fra: {}}\n"}, ANN)
    told = await desk.diff()
    assert (told["old"]["version"], told["new"]["version"], told["same"]) == (1, 2, False)
    assert [(one["name"], one["change"]) for one in told["files"]] == [("example.com.yaml", "changed"), ("more.yaml", "added")]
    assert "+  ftp: {type: A, value: 192.0.2.1}" in told["files"][0]["lines"]
    assert told["changes"]["names"]["added"] == 1
    assert (await desk.diff(2, 1))["changes"]["names"]["removed"] == 1
    assert (await desk.diff(2, 2))["same"]
    with pytest.raises(UnknownError, match="there is no version 9: there are 1 to 2"):
        await desk.diff(1, 9)


async def test_a_publication_says_why(desk):
    with pytest.raises(UsageError, match="say what changes"):
        await desk.publish(files("www"), Order("ann", " \n"))
    assert (await desk.publish(files("www"), Order("ann", "", dry_run=True)))["dry_run"]
