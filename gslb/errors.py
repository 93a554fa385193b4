"""Everything that can go wrong, as one exception tree and one value.

    GslbError                    a fault with a message fit for an operator
    ├── UsageError               the command line or a setting makes no sense (exit 2)
    ├── ConfigError              operator's files do not load; carries its Problems (exit 1)
    ├── GeoError                 a geo database cannot be read
    ├── ListenError              an address cannot be listened on
    ├── StoreError               the state store cannot be read or written
    └── PlanError                a plan or a delta that a plane must refuse whole

Operators' mistakes are values, not exceptions: a `Problem` says what, where and what to do, and
all of a load's problems are collected before anything is said. The answer path raises nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class GslbError(Exception):
    """A fault whose text can be shown to an operator as it is."""


class UsageError(GslbError):
    """The command line or a setting makes no sense."""


class GeoError(GslbError):
    """A geo database cannot be read."""


class ListenError(GslbError):
    """An address cannot be listened on."""


class StoreError(GslbError):
    """The state store cannot be read or written."""


class PlanError(GslbError):
    """A plan or a delta that must be refused whole."""


class Severity(StrEnum):
    """An error refuses the load; a warning is only said."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Where:
    """A place in an operator's file; line and column count from 1, 0 = not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """`file:line:col`, as editors and compilers write it."""
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the operator's files.

    `code` is stable and documented (`docs/reference/problems.md`), `hint` says what to do.
    """

    code: str
    message: str
    where: Where
    hint: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """`file:line:col: CODE message`, one line."""
        return f"{self.where}: {self.code} {self.message}"


class ConfigError(GslbError):
    """Operator's files do not load; `problems` says why, all of it at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems; the text is the first one and how many more there are."""
        self.problems = problems
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}" if problems else "configuration refused")


@dataclass(slots=True)
class Problems:
    """Collects problems while files are read."""

    found: list[Problem] = field(default_factory=list)

    def error(self, code: str, message: str, where: Where, hint: str = "") -> None:
        """Note a mistake that refuses the load."""
        self.found.append(Problem(code, message, where, hint))

    def warn(self, code: str, message: str, where: Where, hint: str = "") -> None:
        """Note something that loads but deserves a look."""
        self.found.append(Problem(code, message, where, hint, Severity.WARNING))

    @property
    def fatal(self) -> bool:
        """Whether any of them is an error."""
        return any(p.severity is Severity.ERROR for p in self.found)
