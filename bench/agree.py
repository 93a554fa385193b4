"""Whether all servers do the same work: the addresses that each gives for random client subnets, compared with gdnsd's.

Speed is only comparable where answers are the same. Exits with 1 where they are not.
"""

from __future__ import annotations

import random
import socket
import sys
import tempfile
from pathlib import Path

import command
import peers
from command import say
from dnslib import EDNS0, DNSRecord, EDNSOption

FIRST = "gdnsd"  # whom the others are compared with, where it is here
SUBNET = 8  # EDNS option, RFC 7871

Answers = list[frozenset[str]]


def main() -> None:
    parser = command.parser(__doc__)
    parser.add_argument("--subnets", type=int, default=1000)
    parser.add_argument("--peers", default="gdnsd,gslb,knot,power", help="beginnings of names, by commas")
    options = parser.parse_args()
    subnets = [random.choice(range(1, 127)).to_bytes() + random.randbytes(2) for _ in range(options.subnets)]
    found: dict[str, Answers] = {}
    with tempfile.TemporaryDirectory(prefix="gslb-agree-") as folder:
        database = peers.unpacked_database(Path(folder))
        for peer in sorted(peers.chosen(options.peers), key=lambda peer: peer.name != FIRST):
            with peers.started(peer, Path(folder) / peer.name.replace(" ", "-"), database) as server:
                server.wait()
                found[peer.name] = ask(server.port, peer.geo_name or "", subnets)
    (first, expected), *others = found.items()
    differing = {name: [at for at, answer in enumerate(answers) if answer != expected[at]] for name, answers in others}
    for name, places in differing.items():
        say(f"{name}: {len(subnets) - len(places)} of {len(subnets)} answers as {first}'s")
        for at in places[:5]:
            say(f"  {'.'.join(map(str, subnets[at]))}.0/24: {sorted(found[name][at])}, not {sorted(expected[at])}")
    sys.exit(any(differing.values()))


def ask(port: int, name: str, subnets: list[bytes]) -> Answers:
    """Return the addresses given for each subnet."""
    answers = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(("127.0.0.1", port))
        sock.settimeout(5)
        for subnet in subnets:
            query = DNSRecord.question(name)
            query.add_ar(EDNS0(udp_len=1232, opts=[EDNSOption(SUBNET, b"\0\1\x18\0" + subnet)]))
            sock.send(query.pack())
            answers.append(frozenset(str(record.rdata) for record in DNSRecord.parse(sock.recv(4096)).rr))
    return answers


if __name__ == "__main__":
    command.run(main)
