"""What must be secret, and another on each machine: made once, before anything else of the compose file starts.

Run as `first-start.py FOLDER` in gslb's own image. It makes keys for probers and the operator, users of the store with what the page
/store.md says each may do, a certificate and a token for the API. What is there already is left alone.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import subprocess
import sys
from pathlib import Path

PROBERS = {"fra-1": "fra", "iad-1": "iad", "sin-1": "sin"}
NODES = ("ns1", "ns2")
OPERATOR = "operator"
PAGE = Path("/store.md")
SPEAKERS = {**dict.fromkeys(NODES, "node"), **dict.fromkeys(PROBERS, "prober"), "control": "control"}  # name → user of the page


def main(folder: Path, page: Path = PAGE) -> None:
    """Make everything in a folder."""
    os.umask(0o077)
    if not (folder / "keys.yaml").exists():
        make_keys(folder)
    if not (folder / "users.acl").exists():
        make_users(folder, page.read_text())
    if not (folder / "api.crt").exists():
        make_certificate(folder)
    if not (folder / "tokens.yaml").exists():
        print("the token for https://localhost:8054, shown this once:")
        gslb("token", "create", "admin", "--scope", "admin", "--file", str(folder / "tokens.yaml"))


def make_keys(folder: Path) -> None:
    """Make private keys, and the list of public ones that everybody believes."""
    lines = ["probers:"]
    for name, place in PROBERS.items():
        lines.append(f"  {name}: {{place: {place}, keys: ['{key(folder, name)}']}}")
    lines += ["operators:", f"  {OPERATOR}: {{keys: ['{key(folder, OPERATOR)}']}}", ""]
    write(folder / "keys.yaml", "\n".join(lines))


def key(folder: Path, name: str) -> str:
    """Make one, in place of one from a first start that was cut short; its public line."""
    path = folder / f"{name}.key"
    path.unlink(missing_ok=True)
    found = re.search(r"ed25519:\S+", gslb("key", "generate", name, "--file", str(path), quiet=True))
    assert found, "a public line is printed"
    return found[0]


def make_users(folder: Path, page: str) -> None:
    """Make the store's users: each process has a name and a password of its own, and may do what its role needs."""
    rules = dict(re.findall(r"^user (\w+) (.*)$", page, re.MULTILINE))
    lines = ["user default off"]
    for name, role in SPEAKERS.items():
        password = secrets.token_urlsafe(24)
        rule = re.sub(r"\b(NODE|PROBER)\b", name, rules[role])
        lines.append(f"user {name} " + rule.replace(">PASSWORD", "#" + hashlib.sha256(password.encode()).hexdigest()))
        write(folder / f"store-{name}", f"redis://{name}:{password}@redis:6379/0")
    write(folder / "users.acl", "\n".join([*lines, ""]), mode=0o644)  # another user reads it; passwords are hashed in it


def make_certificate(folder: Path) -> None:
    """Make a certificate that nobody else vouches for: the browser asks once."""
    names = "subjectAltName=DNS:localhost,DNS:control,IP:127.0.0.1"
    files = ["-keyout", str(folder / "api.key"), "-out", str(folder / "api.crt.new")]
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "3650"]
    subprocess.run([*made, "-subj", "/CN=gslb", "-addext", names, *files], check=True, capture_output=True)  # noqa: S603  ours
    (folder / "api.crt.new").rename(folder / "api.crt")


def gslb(*words: str, quiet: bool = False) -> str:
    """Run a command of ours; what it printed."""
    done = subprocess.run([sys.executable, "-m", "gslb", *words], check=True, capture_output=True, text=True)  # noqa: S603  ours
    if not quiet:
        print(done.stdout, end="", flush=True)
    return done.stdout


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Write a file whole or not at all."""
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    new.chmod(mode)
    new.rename(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
