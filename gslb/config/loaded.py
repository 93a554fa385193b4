"""The operator's files: read whole, judged whole, every mistake at once.

    files ─▶ yaml12 ─▶ sites, checks, pools, zones (records, soa) ─┐
      └────▶ master_file ──────────────────────────────────────────┼─▶ model ─▶ lint
                                            networks ──────────────┘

Called by control and by `gslb check`. `load` never raises for bad content: problems are values, and a model comes back in any
case; it is fit to serve only where no problem is an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gslb import names
from gslb.config import files, master_file, networks, yaml12, zones
from gslb.config.document import Node
from gslb.config.files import Role, Source
from gslb.config.namespace import Namespace
from gslb.config.reading import Include, Reading
from gslb.config.words import kind
from gslb.errors import Problem, Problems, Severity, Where
from gslb.lint import lint
from gslb.model import Model

__all__ = ["Loaded", "Role", "Source", "build", "load"]

_UNKNOWN: Final = frozenset(["L001", "L002", "L003"])  # unknown names: never the mere consequence of another mistake
_UNUSED: Final = frozenset(["L005", "L006", "L007"])  # unused things: perhaps what uses them was wrong
_SECTIONS: Final = ("sites", "checks", "pools")  # in this order: pools look at sites


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load's outcome. `sources`: file → text, for carets; `files`: the same with their roles, for keeping; `readings`: of master files, by name."""

    model: Model
    problems: tuple[Problem, ...]
    sources: Mapping[str, str]
    files: tuple[Source, ...] = ()
    readings: Mapping[str, Reading] = field(default_factory=dict)

    @property
    def fatal(self) -> bool:
        """Whether the model must not be served."""
        return any(problem.severity is Severity.ERROR for problem in self.problems)


def load(paths: Sequence[Path], networks: Path | None = None, *, silence: frozenset[str] = frozenset(), before: Loaded | None = None) -> Loaded:
    """Read files and folders, all one namespace. `silence`: codes of warnings that are not wanted; errors cannot be silenced.

    `before`: a load that was accepted; master files that have not changed since are not read again, their zones are the same objects.
    """
    problems = Problems()
    sources = files.read_all(paths, problems, but=networks)
    if networks is not None and (facts := files.read(networks, problems, Role.NETWORKS)) is not None:
        sources.append(facts)
    return build(sources, problems, lambda source: master_file.includes_from(source.path.parent), silence=silence, before=before)


def build(
    sources: Iterable[Source],
    problems: Problems,
    includes: Callable[[Source], Include],
    *,
    silence: frozenset[str] = frozenset(),
    before: Loaded | None = None,
    version: int = 1,
) -> Loaded:
    """Judge texts that have been read. `problems`: what was found while reading; `includes`: how a master file's `$INCLUDE`s are read.

    `version`: of published files; the serial of zones that ask for it.
    """
    readings: dict[str, Reading] = {}
    read = list(sources)
    space = Namespace(problems, version=version)
    whole = not problems.fatal
    roots: list[Node] = []
    masters: list[Source] = []
    for source in read:
        if source.path.suffix in files.MASTER:
            masters.append(source)
        elif (root := _root(source, problems)) is None:
            whole = False
        elif source.role is Role.NETWORKS:
            space.networks += networks.read(root, problems)
        else:
            roots.append(root)
    _sections(roots, space)
    for source in masters:
        include = _remembering(includes(source), source, read)
        old = before.readings.get(source.name) if before else None
        reading = old if old and old.still(source, include) else _master(source, include)
        problems.found += reading.problems
        readings[source.name] = reading
        if reading.zone is not None:
            space.add_zone(reading.zone)
    model = space.model()
    if whole:  # else half of what lint says would follow from the file that is missing
        problems.found += _lint(model, space)
    kept = [problem for problem in problems.found if problem.severity is Severity.ERROR or problem.code not in silence]
    kept.sort(key=lambda problem: problem.where)
    return Loaded(model, tuple(kept), {source.name: source.text for source in read}, tuple(read), readings)


def _lint(model: Model, space: Namespace) -> list[Problem]:
    """Judge the whole, but not what has been found broken already, and no absence that a broken part may explain."""
    fatal = space.problems.fatal
    return [
        problem
        for problem in lint(model)
        if problem.code in _UNKNOWN or (problem.where not in space.broken and not (fatal and problem.code in _UNUSED))
    ]


def _root(source: Source, problems: Problems) -> Node | None:
    """Read a YAML file; its top must be a mapping."""
    document = yaml12.load(source.name, source.text, problems)
    if document is None:
        return None
    root = document.root
    if root.value is None:
        problems.warn("C027", "the file is empty", Where(source.name), "remove it, or fill it")
        document.value = {}
        document.places[id(document.value)] = []
        return document.root
    if not isinstance(root.value, dict):
        problems.error("C001", f"a file must be a mapping (key: value) at its top, not {kind(root.value)}", root.where)
        return None
    return root


def _sections(roots: list[Node], space: Namespace) -> None:
    """Read sites of all files, then checks, then pools, then zones."""
    ours = [root for root in roots if root.value and not zones.is_octodns(root)]
    for section in _SECTIONS:
        for root in ours:
            if section in root.value:
                getattr(space, f"read_{section}")(root.child(section))
    for root in roots:
        if root.value and zones.is_octodns(root):
            zones.read_octodns(root, space)
        elif root.value:
            zones.read(root, space)


def _master(source: Source, include: Include) -> Reading:
    """Read a master file, and note what it included."""
    included: list[tuple[str, str]] = []
    problems = Problems()

    def noting(path: str) -> str:
        text = include(path)
        included.append((path, text))
        return text

    stem = source.path.name.rpartition(".")[0]
    zone = None
    try:
        origin = names.from_text(stem.rstrip(".") + ".").lower()
    except ValueError as error:
        problems.error("C025", f"the file's name is not a zone's: {error}", Where(source.name), "call it after its zone, such as example.com.zone")
    else:
        zone = master_file.read(source.name, source.text, problems, default_origin=origin, include=noting)
    return Reading(source, tuple(included), zone, tuple(problems.found))


def _remembering(include: Include, source: Source, read: list[Source]) -> Include:
    """Keep the text of included files too."""

    def remember(path: str) -> str:
        text = include(path)
        kept = Source(Path(master_file.included_file(source.name, path)), text, Role.INCLUDED)
        if kept not in read:
            read.append(kept)
        return text

    return remember
