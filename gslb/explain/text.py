"""An explanation for people: what and why in two lines, then each step on a line of its own, labels at the left.

Reads the plain data (`explanation`), so that what a running node explained is shown by the same lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gslb.explain.summary import share

LABEL: Final = 10  # columns of labels
_FEW: Final = 2  # members that a filter left alone are named up to here, else counted
STATES: Final = {
    "node": "states are the node's own, now",
    "votes": "states are from the last votes on this machine's disk (--live asks the running node)",
    "nothing": "nobody has looked: every check is unknown, which is served (--live asks the running node)",
}


def text(data: dict[str, Any]) -> str:
    """Write the whole explanation."""
    lines = [data["summary"], f"because {data['because']}", ""]
    for label, said in _sections(data):
        lines += [f"{label + ' ' if first else '':<{LABEL}}{line}".rstrip() for first, line in _marked(said)]
    return "\n".join(lines) + "\n"


def _sections(data: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for warning in data["warnings"]:
        yield "warning", [warning]
    yield "asked", list(_asked(data))
    yield "name", list(_name(data["name"]))
    if data["decision"]:
        yield "client", list(_client(data))
        yield from _pool(data["decision"])
        yield "answer", list(_answer(data))
        if data["answer"]["ttl"]:
            yield "TTL", list(_ttl(data["answer"]["ttl"]))
    for hint in data["hints"]:
        yield "hint", [f"{hint['type']}, from the pool {hint['decision']['pool']}"]
        yield "client", list(_client({**data, **hint}))
        yield from _pool(hint["decision"])
        yield "given", list(_answer(hint))
    if data.get("country"):
        yield "country", list(_country(data["country"]))


def _asked(data: dict[str, Any]) -> Iterator[str]:
    generation = f", generation {data['generation']}" if data["generation"] is not None else ""
    yield f"node {data['node']}{generation}, {data['time'].replace('T', ' ').replace('+00:00', ' UTC')}; {STATES[data['states']]}"
    assumed = data["assumed"]
    if assumed["down"]:
        yield f"assumed down: {', '.join(assumed['down'])}"
    if assumed["drained"]:
        yield f"assumed drained: {', '.join(assumed['drained'])}"
    if assumed["at"]:
        yield "assumed: this time, and that nothing changes until then"


def _name(name: dict[str, Any]) -> Iterator[str]:
    if name["zone"] is None:
        yield "in no zone of this node: REFUSED"
        return
    for step in name["steps"]:
        how = step["how"] if step["how"] in ("exact", "nothing") else f"{step['how']} {step['by']}"
        how = "does not exist" if how == "nothing" else how
        yield f"{step['name']} in zone {name['zone']}: {how}" + (f", alias of {step['alias']}" if "alias" in step else "")
    if name["pool"]:
        yield f"→ pool {name['pool']}"
    for one in name["records"]:
        yield f"{one['name']} {one['ttl']} {one['type']} {', '.join(one['data'])}"
    if name["found"] in ("nxdomain", "nodata"):
        yield f"resolvers may keep that for {name['negative_ttl']} s"


def _client(data: dict[str, Any]) -> Iterator[str]:
    client = data["client"]
    if client["placed_by"] == "resolver":
        yield f"{client['subnet']} says nothing about a place: the sender's address {client['address']} counts"
    location = place_text(client["location"])
    yield f"{client['address']} is {location or 'nowhere known'} ({source_text(client['source'], client['network'])})"
    region, scope = data["region"], data["answer"]["scope"]
    placed = client["placed_by"] == "subnet"
    if region is None:
        sticks = data["answer"]["over"] == "clients"
        yield ("no place matters here, and each client keeps to its answer" if sticks else "this pool answers every client alike") + _scope(scope)
        return
    yield f"region {region['region']}, one of {region['regions']}; all of {region['block']} gets the same" + (_scope(scope) if placed else "")
    cut = region["cut_by"]
    if cut and cut["why"] == "region":
        yield f"no wider, since {cut['network']} ({place_text(cut['location']) or 'place unknown'}) is in region {cut['region']}"
    elif cut:
        yield f"no wider, since {cut['wider']} has {cut['why']}"
    if scope is not None and not placed:
        asked_not = client["subnet"].endswith("/0")
        yield f"scope {scope}: " + ("the client asks not to be located" if asked_not else f"all of this /{scope} says nothing about a place")


def _scope(scope: int | None) -> str:
    return "" if scope is None else f", scope {scope}"


def source_text(source: dict[str, Any], network: str) -> str:
    """Say who knows where a client is."""
    match source["from"]:
        case "networks":
            return f"the operator's network {source['network']}" + (f", {source['where']}" if source["where"] else "")
        case "database":
            return f"{', '.join(source['databases'])}: {source['network']}"
        case _:
            return f"no source knows {network}"


def place_text(location: dict[str, Any]) -> str:
    """Say where a client is; nothing where nobody knows."""
    parts = []
    if location.get("site"):
        parts.append(f"at site {location['site']}")
    if location.get("country"):
        parts.append(location["country"] + (f"-{location['subdivision']}" if location.get("subdivision") else ""))
    if location.get("continent"):
        parts.append(location["continent"])
    if location.get("asn") is not None:
        parts.append(f"AS{location['asn']}")
    if location.get("coordinates"):
        parts.append("{:.1f} {:.1f}".format(*location["coordinates"]))
    return ", ".join([*parts, *(f"tag {tag}" for tag in location.get("tags", ()))])


def _pool(pool: dict[str, Any], depth: int = 0) -> Iterator[tuple[str, list[str]]]:
    policy = pool["policy"] if isinstance(pool["policy"], str) else " → ".join(pool["policy"])
    inside = "inside" if depth else "pool"
    yield inside, [f"{pool['pool']}: policy {policy}, pick {pool['pick']}, answers {pool['answers'] or 'all'}", *_members(pool["members"])]
    for step in pool["steps"]:
        yield f"  {step['filter']}", list(_step(step))
    if pool["rule"] or not pool["groups"]:
        yield "rule", [pool["rule_text"]]
    for one in pool["inside"]:
        yield from _pool(one, depth + 1)
    if pool["backup"]:
        yield from _pool(pool["backup"], depth + 1)


def _members(members: list[dict[str, Any]]) -> Iterator[str]:
    width = max((len(one["member"]) for one in members), default=0)
    for one in members:
        state = one["state"] or "absent"
        since = max((check["age"] for address in one["addresses"] for check in address["checks"] if "age" in check), default=None)
        age = f" {_age(since)}" if since is not None and not one["override"] else ""
        weight = f" weight {one['weight']}" if one["weight"] != 1 else ""
        grade = f" grade {one['grade']}" if one["grade"] not in (None, 100) and one["state"] == "up" else ""
        reserve = ", in reserve" if one["reserve"] else ""
        left = one["override"] and one["override"]["seconds_left"]
        more = f" ({_age(left)} more)" if left is not None else ""
        yield f"{one['member']:<{width}}  {state}{age}{weight}{grade}{reserve}" + (f": {one['why']}" if one["why"] else "") + more


def _step(step: dict[str, Any]) -> Iterator[str]:
    among = {"all down": " (without health and limits)", "with a weight": " (weight 0 left out)"}.get(step["among"], "")
    untouched = len(step["kept"]) > _FEW and not step["dropped"] and not step["failed"]
    yield ("fails: " if step["failed"] else "keeps ") + (f"all {len(step['kept'])}" if untouched else ", ".join(step["kept"]) or "nobody") + among
    for one in step["dropped"]:
        yield f"drops {one['member']}: {one['why']}"
    for one in step["reweighted"]:
        yield f"{one['member']} counts {share(one['percent'])} of its weight: {one['why']}"


def _answer(data: dict[str, Any]) -> Iterator[str]:
    answer = data["answer"]
    if answer["rcode"] != "NOERROR":
        yield answer["rcode"]
    elif not answer["members"]:
        yield "no records"
    width = max((len(share(one["share"])) for one in answer["members"]), default=0)
    for one in answer["members"]:
        where = f" at {one['site']}" if one["site"] and one["site"] != one["member"] else ""
        inside = f" via {' → '.join(one['via'][1:])}" if one["via"][1:] else ""
        yield f"{share(one['share']):>{width}}  {one['member']}{where}{inside}  {', '.join(one['data'])}"
    if answer["always"]:
        yield f"this client: always {', '.join(answer['always'])}"
    if data["decision"]["agrees"] is False:
        yield "what the node serves differs: a publication is on its way"


def _ttl(ttl: dict[str, Any]) -> Iterator[str]:
    yield f"{ttl['seconds']} s, set by the {_BY[ttl['set_by']]}"
    needless = {"minimum"} | ({ttl["set_by"]} & {"name", "maximum"})  # said in the first line
    most = max((one["seconds"] for one in ttl["bounds"] if one["what"] == "maximum"), default=0)
    bounds = [one for one in ttl["bounds"] if one["what"] not in needless and (one["seconds"] < most or one["what"] in ("maximum", "name"))]
    for seconds, said in dict.fromkeys((one["seconds"], one["text"]) for one in bounds):
        yield f"{seconds} s: {said}"


_BY: Final = {
    "maximum": "pool's maximum: nothing is about to change",
    "minimum": "pool's minimum: a state may change sooner",
    "counters": "checks: a state may change then",
    "clock": "clock: the answer changes then",
    "name": "name's own bound",
    "negative": "zone, for negative answers",
}


def _country(country: dict[str, Any]) -> Iterator[str]:
    parts = country["parts"]
    if len(parts) == 1:
        yield f"all of {country['code']} is one region"
        return
    yield f"{country['code']} is {len(parts)} regions; explained above: the largest"
    for one in parts:
        states = ", ".join(one["states"][:6]) + (" …" if len(one["states"]) > 6 else "")
        yield f"{share(one['share']):>7}  {one['summary'].partition(': ')[2]}" + (f"  ({states})" if states else "")


def _marked(lines: list[str]) -> Iterator[tuple[bool, str]]:
    return ((number == 0, line) for number, line in enumerate(lines))


def _age(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
