"""What a scenario's operator writes: files, edits, places, loads, and the problems that a load must find.

Part of a story. Files are loaded as late as possible, so that a scenario can write them in any order.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

from gslb.errors import Problem, Severity
from gslb.testing.scenario import places
from gslb.testing.scenario.script import Statement
from gslb.testing.scenario.words import Words
from gslb.testing.scenario.world import NETWORKS, World, passed


class Written:
    """Writes files into a world and loads them. `fresh`: nothing has been loaded yet."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._places: list[places.Place] = []
        self._untold: list[tuple[Statement, Problem]] = []  # errors of the last load that no statement has named yet
        self._all_up = True
        self.fresh = True
        self.statements: Mapping[str, Callable[[Words], None]] = {
            "zone": self._zone,
            "file": self._file,
            "networks": self._networks,
            "sites": self._section,
            "checks": self._section,
            "pools": self._section,
            "edit": self._edit,
            "remove": self._remove,
            "place": self._place,
            "start": self._start,
            "reload": self._reload,
            "problem": self._problem,
        }

    def load(self, words: Words) -> None:
        """Load, if nothing has been; complain where there is nothing accepted to go on with."""
        self._begin(words)
        if not self._world.loaded:
            self.settle()
            raise words.fail("no files have been accepted, so there is nothing to go on with")

    def _begin(self, words: Words) -> None:
        """Load for the first time; the first round of checks finds everything up unless the scenario says otherwise."""
        if not self.fresh:
            return
        self.fresh = False
        self._read(words)
        if self._all_up and self._world.loaded:
            self._world.observe(self._world.find("all"), passed(), "p1")
            self._world.judge()

    def settle(self) -> None:
        """Complain of errors in the operator's files that the scenario does not name."""
        for statement, problem in self._untold:
            raise statement.fail(f"the files do not load: {problem} ({problem.hint})")

    def _read(self, words: Words) -> None:
        self._world.databases = places.database(tuple(self._places))
        self._world.load()
        self._untold = [(words.statement, problem) for problem in self._world.problems if problem.severity is Severity.ERROR]

    def _zone(self, words: Words) -> None:
        self._world.files[f"{words.take('a zone')}.yaml"] = _zone(words.statement.block)

    def _file(self, words: Words) -> None:
        self._world.files[words.take("a file name")] = words.statement.block

    def _networks(self, words: Words) -> None:
        self._world.files[NETWORKS] = words.statement.block

    def _section(self, words: Words) -> None:
        """`sites|checks|pools [NAME]`: the section of that name, in a file of that name or another."""
        section = words.statement.word
        name = words.take("a name") if words else section
        self._world.files[f"{name}.yaml"] = f"{section}:\n{textwrap.indent(words.statement.block, '  ')}"

    def _edit(self, words: Words) -> None:
        """`edit FILE OLD => NEW`: every place where the old text stands in the file; takes effect with the next `reload`."""
        self._begin(words)
        name = words.take("a file")
        old, arrow, new = words.rest().partition("=>")
        text = self._world.files.get(name, "")
        if not arrow or old.strip() not in text:
            raise words.fail(f"{old.strip()!r} is not in {name}; there are {', '.join(self._world.files)}")
        self._world.files[name] = text.replace(old.strip(), new.strip())

    def _remove(self, words: Words) -> None:
        """`remove FILE`; takes effect with the next `reload`."""
        self._begin(words)
        name = words.take("a file")
        if self._world.files.pop(name, None) is None:
            raise words.fail(f"there is no file {name}; there are {', '.join(self._world.files)}")

    def _place(self, words: Words) -> None:
        if words.skip("none"):
            self._places.clear()
        else:
            self._places.append(places.place(words))

    def _start(self, words: Words) -> None:
        """`start unknown`: no check has been run when the story begins."""
        if words.take("unknown") != "unknown" or not self.fresh:
            raise words.fail("start unknown, before anything happens")
        self._all_up = False

    def _reload(self, words: Words) -> None:
        if self.fresh:
            self._begin(words)
        else:
            self.settle()
            self._read(words)

    def _problem(self, words: Words) -> None:
        """`problem CODE [at FILE:LINE:COL] [says TEXT]` or `problem none`."""
        self._begin(words)
        code = words.take("a code")
        there = "\n".join(f"    {problem}" for problem in self._world.problems) or "    none"
        if code == "none":
            if self._world.problems:
                raise words.fail(f"there are problems:\n{there}")
            return
        found = [problem for problem in self._world.problems if problem.code == code]
        if words.skip("at"):
            place = words.take("FILE:LINE:COL")
            found = [problem for problem in found if str(problem.where) == place]
        if words.skip("says"):
            text = words.rest()
            found = [problem for problem in found if text in problem.message or text in problem.hint]
        if not found:
            raise words.fail(f"no such problem; there are:\n{there}")
        self._untold = [(statement, problem) for statement, problem in self._untold if problem not in found]


def _zone(block: str) -> str:
    """Write a zone's file: the block is its records; an apex NS is added where the block has no apex."""
    apex = "" if block.startswith("''") or "\n''" in block else "  '': {type: NS, value: ns1.example.net.}\n"
    soa = "soa: {primary: ns1.example.net., contact: hostmaster.example.net., negative_ttl: 30, serial: 1}\n"
    return f"{soa}records:\n{apex}{textwrap.indent(block, '  ')}"
