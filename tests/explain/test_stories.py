"""Golden explanations: each file in `stories/` is a command, the states it meets, and the text an operator reads.

GSLB_GOLDEN=write writes what is said now; read the difference before it is kept.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from gslb import config, geo, targets
from gslb.compiler import Compiler
from gslb.config import Role, Source
from gslb.errors import Problems
from gslb.explain import Subject, explain, read, text
from gslb.explain.subject import LIVE
from gslb.model import Model
from gslb.moment import Moment
from gslb.override import Kind, Level, Override
from gslb.verdict import State, Target, Verdict

FOLDER = Path(__file__).parent / "stories"
STORIES = sorted(path.stem for path in FOLDER.glob("*.txt"))
NOW = 1_767_571_200.0  # Monday 2026-01-05 00:00 UTC
ANY_LIST = ("assume_down",)


@pytest.fixture(scope="module")
def model() -> Model:
    sources = [Source(FOLDER / "world.yaml", (FOLDER / "world.yaml").read_text(), Role.ZONES)]
    sources.append(Source(Path("networks.yaml"), (FOLDER / "networks.yaml").read_text(), Role.NETWORKS))
    loaded = config.build(sources, Problems(), lambda _: lambda name: (FOLDER / name).read_text())
    assert not loaded.fatal, [str(problem) for problem in loaded.problems]
    return loaded.model


def subject(model: Model, lines: list[str]) -> Subject:
    """Everything is up, but for what the story's lines say."""
    verdicts = {
        target: Verdict(State.UP, NOW - 86_400 * 3, last_up=NOW - 86_400 * 3, reason="connected")
        for pool in model.pools.values()
        for member in pool.members
        for target in targets.of_member(model, member)
    }
    overrides = []
    for line in lines:
        word, *rest = line.split(maxsplit=4)
        if word == "state":  # state SITE STATE SECONDS[/SECONDS TO CHANGE] REASON
            site, state, age, reason = rest
            since, _, soon = age.partition("/")
            verdicts |= dict.fromkeys(_at(model, site), Verdict(State[state.upper()], NOW - float(since), 100 if state != "down" else 0, None,
                                                              float(soon) if soon else None, reason))  # fmt: skip
        elif word == "override":  # override KIND SITE SECONDS REASON
            kind, site, seconds, reason = rest
            overrides.append(Override(Kind(kind), Level.SITE, site=site, author="ada", reason=reason, expires=NOW + float(seconds)))
    atlas = geo.load(None, model.networks, model.sites)
    compiler = Compiler(model, atlas.locations, atlas.cut)
    moment = Moment(verdicts, NOW, tuple(overrides))
    return Subject("ns1", model, compiler, atlas, compiler.compile(verdicts, 12, now=NOW, overrides=overrides), moment, LIVE)


def _at(model: Model, site: str) -> list[Target]:
    return [t for pool in model.pools.values() for member in pool.members if member.site == site for t in targets.of_member(model, member)]


def asked(line: str) -> dict[str, Any]:
    """Read the arguments of a command line."""
    words = shlex.split(line)
    said: dict[str, Any] = {"name": words[0], "type": words[1]}
    for option, value in zip(words[2::2], words[3::2], strict=True):
        key = option.removeprefix("--").replace("-", "_")
        said[key] = [*said.get(key, []), value] if key in ANY_LIST else value
    return said


@pytest.mark.parametrize("name", STORIES)
def test_story(name: str, model: Model) -> None:
    path = FOLDER / f"{name}.txt"
    head, _, wanted = path.read_text().partition("\n\n")
    lines = head.splitlines()
    command = lines[-1].removeprefix("$ gslb explain ")
    told = explain(subject(model, lines[1:-1]), read(asked(command), NOW))
    json.dumps(told)  # plain data
    said = text(told)
    if os.environ.get("GSLB_GOLDEN") == "write":
        path.write_text(f"{head}\n\n{said}")
    assert said == wanted


def test_there_are_a_dozen_stories() -> None:
    assert len(STORIES) >= 12
