"""A version of files as one string of octets: there and back, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gslb import bundle
from gslb.bundle import Bundle

FILES = {"b.zone": b"\xff\n", "a.yaml": b"a: 1\n", "inc/é.txt": b""}
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


def whole(files):
    return b"".join(bundle.octets(files))


def test_there_and_back_in_any_order():
    assert whole(FILES) == b'[["a.yaml",5],["b.zone",2],["inc/\\u00e9.txt",0]]\na: 1\n\xff\n'
    assert bundle.read(whole(FILES)) == FILES
    assert whole(dict(reversed(FILES.items()))) == whole(FILES)
    version = Bundle(3, 1.0, "ann", "why", FILES, 2)
    assert version.digest == Bundle(9, 2.0, "bob", "", dict(reversed(FILES.items()))).digest
    assert version.digest != Bundle(3, 1.0, "ann", "why", FILES | {"a.yaml": b"a: 2\n"}).digest
    head = version.head("ann", 77)
    assert (head.version, head.digest, head.size, head.packed, head.files, head.signed_by, head.based_on) == (3, version.digest, 7, 77, 3, "ann", 2)


@given(st.dictionaries(NAMES, st.binary(max_size=50), min_size=1, max_size=5))
def test_what_is_written_is_read_and_what_is_refused_says_why(files):
    if any(bundle.amiss(name) for name in files):
        with pytest.raises(ValueError, match="is no name"):
            whole(files)
    else:
        assert bundle.read(whole(files)) == files


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]\n",
        b"{}\n",
        b"[1]\n",
        b'[["a",1]]\n',
        b'[["a",1]]\nxy',
        b'[["a",-1]]\n',
        b'[["a",true]]\nx',
        b'[["a",1],["a",1]]\nxx',
        b'[["../a",1]]\nx',
        b'[["a",1]]',
        b"[" * 9000 + b"\n",
        b"\xff\n",
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        bundle.read(text)


@given(st.binary(max_size=300))
def test_no_octets_do_harm(text):
    try:
        assert bundle.read(text)
    except ValueError:
        return


@pytest.mark.parametrize("name", ["", "/a", "a/", "a//b", ".", "..", "a/../b", "./a", "a\\b", "a\nb", "a\0b", "x" * 256])
def test_names_lead_nowhere_else(name):
    assert bundle.amiss(name)


def test_bounds():
    with pytest.raises(ValueError, match="at least one"):
        whole({})
    with pytest.raises(ValueError, match="10,000"):
        whole({f"{n}.yaml": b"" for n in range(bundle.FILES + 1)})
