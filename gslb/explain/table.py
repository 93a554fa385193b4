"""Lines of a table for a terminal: columns as wide as they need, numbers to the right. Used by the texts of simulations and differences."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

Row = Sequence[str]


def lines(head: Row, rows: Sequence[Row], right: Collection[int] = ()) -> Iterator[str]:
    """Yield the head and each row; `right`: places of columns whose entries stand to the right. Columns that hold nothing are left out."""
    rows = [tuple(map(printable, row)) for row in rows]
    used = [place for place in range(len(head)) if any(row[place] for row in rows)]
    width = {place: max(len(head[place]), *(len(row[place]) for row in rows)) for place in used}
    for row in (head, *rows):
        cells = [f"{row[place]:>{width[place]}}" if place in right else f"{row[place]:<{width[place]}}" for place in used]
        yield "  ".join(cells).rstrip()


def markdown(head: Row, rows: Sequence[Row], right: Collection[int] = ()) -> Iterator[str]:
    """Yield the same for a merge request's comment."""
    used = [place for place in range(len(head)) if any(row[place] for row in rows)]
    yield "| " + " | ".join(head[place].capitalize() for place in used) + " |"
    yield "|" + "|".join(" ---: " if place in right else " --- " for place in used) + "|"
    for row in rows:
        yield "| " + " | ".join(escaped(row[place]) for place in used) + " |"


def escaped(text: str) -> str:
    """Write text so that Markdown takes it as it stands: operators' files name everything in it."""
    text = printable(text)
    for mark in "\\`*_|<>[]":
        text = text.replace(mark, "\\" + mark)
    return text


def printable(text: str) -> str:
    """Write text so that a terminal only shows it: files may hold anything, escape sequences too."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "�" for one in text)
