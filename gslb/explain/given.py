"""Files that are on no disk here: those of a request, or of a git revision. Judged like any others.

Called by control for what the API asks, and by `gslb diff`. Names stand for paths in messages, and for what master files include; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gslb.config import Loaded, Role, Source, build, load, report
from gslb.config.files import MASTER, NETWORKS, SETTINGS, YAML, read
from gslb.config.master_file import included_file
from gslb.config.reading import Include
from gslb.errors import ConfigError, Problems, UsageError
from gslb.model import Model


def texts(paths: Sequence[Path], networks: Path | None = None) -> dict[str, str]:
    """Read files, so that they can be sent to somebody who judges them: name → text. Raises UsageError where one cannot be read or judged."""
    loaded = load(paths, networks)
    if loaded.fatal:
        raise UsageError(report.text(loaded.problems, loaded.sources))
    found = {source.name: source.text for source in loaded.files}
    if networks is not None and str(networks) in found and networks.name not in NETWORKS:  # by its name it is known for what it is
        found[str(networks.with_name(NETWORKS[0]))] = found.pop(str(networks))
    return found


def model(texts: Mapping[str, str]) -> Model:
    """Judge files, name → text. Raises ConfigError with all of their problems."""
    loaded = judged(texts)
    if loaded.fatal:
        raise ConfigError(loaded.problems)
    return loaded.model


def model_or_usage(texts: Mapping[str, str], networks: Path | None = None) -> Model:
    """Judge files as `model` does. Raises UsageError with all of their problems and the lines they are in.

    `networks`: the operator's networks, which are read from this disk unless they are among the files.
    """
    loaded = judged(texts, networks)
    if loaded.fatal:
        raise UsageError(report.text(loaded.problems, loaded.sources))
    return loaded.model


def judged(texts: Mapping[str, str], networks: Path | None = None) -> Loaded:
    """Read them by their names: networks, YAML, master files; others are there to be included."""
    problems = Problems()
    sources = _sources(texts)
    if networks is not None and all(source.role is not Role.NETWORKS for source in sources):
        facts = read(networks, problems, Role.NETWORKS)
        sources += [facts] if facts else []
    return build(sources, problems, lambda source: _includes(source, texts))


def _sources(texts: Mapping[str, str]) -> list[Source]:
    found = []
    for name, text in sorted(texts.items()):
        path = Path(name)
        if path.name in NETWORKS:
            found.append(Source(path, text, Role.NETWORKS))
        elif path.suffix in (*YAML, *MASTER) and path.name not in SETTINGS:
            found.append(Source(path, text))
    return found


def _includes(source: Source, texts: Mapping[str, str]) -> Include:
    def include(path: str) -> str:
        name = included_file(source.name, path)
        if name not in texts:
            raise ValueError(f"{path!r} is not among the files")
        return texts[name]

    return include
