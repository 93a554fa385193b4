"""`notify:` of the settings: who is told of what happens, and the program that announces and withdraws this node.

Read by `gslb.role.notifying`. URLs and secrets may stand in files of their own, so that the settings hold no secret.
"""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from gslb.config.section import File, Seconds, Section, one_or_many
from gslb.event import KINDS

PAGERDUTY = "https://events.pagerduty.com/v2/enqueue"


def _kind(value: str) -> str:
    if value not in KINDS:
        raise ValueError(f"there is no kind of event {value!r}: {', '.join(KINDS)}")
    return value


def checked_url(value: str) -> str:
    """Refuse what is no URL to post to, and plain http to anywhere but this machine. Raises ValueError, which does not repeat it."""
    try:
        parts = urlsplit(value)
        host = parts.hostname or ""
    except ValueError:
        raise ValueError("it is no URL") from None
    if parts.scheme not in ("http", "https") or not host or any(char.isspace() for char in value):
        raise ValueError("it must be a URL such as https://example.net/hook")
    if parts.scheme == "http" and not _here(host):
        raise ValueError("http:// would show it to everybody on the way: write https:// (http only to this machine)")
    return value


def _here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


Url = Annotated[str, AfterValidator(checked_url)]
Kind = Annotated[str, AfterValidator(_kind)]


class Notify(Section):
    """One receiver, or one program."""

    name: str = Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$", description="unique; it stands in metrics and log lines")
    type: Literal["webhook", "slack", "pagerduty", "exec"] = Field(
        description="webhook: our own JSON, signed; slack: text for chat; pagerduty: Events API v2; exec: a program"
    )
    url: Url | None = Field(default=None, description="where to post; for pagerduty its own is the default")
    url_file: File | None = Field(default=None, description="file that holds the URL, where the URL is a secret itself, as Slack's are")
    secret_file: File | None = Field(default=None, description="webhook: the key of the signature; pagerduty: the routing key")
    kinds: Annotated[tuple[Kind, ...], BeforeValidator(one_or_many)] = Field(default=(), description="kinds of events; none: all")
    level: Literal["info", "warning", "error"] = Field(default="warning", description="least level that is told; what ends it is told, too")
    group: Seconds = Field(default=10.0, ge=0, le=600, description="time for which events are gathered into one message")
    command: tuple[str, ...] = Field(default=(), description="exec: the program and its arguments; `ready` or `unready` is put behind them")
    on: Literal["ready"] = Field(default="ready", description="exec: run when this node becomes ready to answer, or ceases to be")
    timeout: Seconds = Field(default=10.0, ge=0.5, le=60, description="for one attempt")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """Refuse what could never work. Raises ValueError."""
        if self.type == "exec":
            if not self.command or not self.command[0].startswith("/") or any("\0" in word for word in self.command):
                raise ValueError("a receiver of type exec needs `command`: [/absolute/path, argument, …]")
        elif self.type == "pagerduty":
            if self.secret_file is None:
                raise ValueError("a receiver of type pagerduty needs `secret_file`, which holds the routing key")
        elif (self.url is None) == (self.url_file is None):
            raise ValueError(f"a receiver of type {self.type} needs `url` or `url_file`")
        return self

    def rooted(self, folder: Path) -> Self:
        """Make relative paths start at a folder."""
        files = {"url_file": self.url_file and folder / self.url_file, "secret_file": self.secret_file and folder / self.secret_file}
        return self.model_copy(update=files)


def receivers(settings: tuple[Notify, ...]) -> list[str]:
    """Return whom a node of these settings tells, for its report: those who have the same receiver agree on who tells it."""
    return [one.name for one in settings if one.type != "exec"]


def distinct_names(value: tuple[Notify, ...]) -> tuple[Notify, ...]:
    """Refuse two receivers of one name."""
    names = [one.name for one in value]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ValueError(f"there are two receivers {twice!r}")
    return value
