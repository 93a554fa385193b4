"""An explanation in two lines: what is answered, and why. Read first, at three in the morning."""

from __future__ import annotations

from typing import Any

_FOUND = {
    "hints": "the record itself is static; its address hints follow its pool",
    "outside": "no zone here holds this name",
    "nxdomain": "the name does not exist",
    "nodata": "the name exists, but has no records of this type",
    "delegation": "the name is delegated to other nameservers",
    "alias": "an alias that leads elsewhere: resolvers follow it",
    "records": "static records, the same for every client",
}
_MANY = 4  # members named in the first line


def summary(data: dict[str, Any]) -> str:
    """Say what is answered."""
    question, answer = data["question"], data["answer"]
    whom = question["subnet"] or data["client"]["address"]
    whom = f"{question['country']} ({whom})" if question["country"] else whom
    return f"{question['name'].rstrip('.') or '.'} {question['type']} for {whom}: {_what(data, answer)}"


def because(data: dict[str, Any]) -> str:
    """Say why, in one line."""
    decision = data["decision"]
    if decision is None:
        return _FOUND[data["name"]["found"]]
    if decision["rule"] or not decision["groups"]:
        return str(decision["rule_text"])
    out = [one["member"] for one in decision["members"] if one["reserve"]]
    parts = [f"operators keep {_names(out)} out"] if out else []
    parts += [text for step in decision["steps"] if (text := _step(step))]
    if len(decision["groups"]) > 1:
        parts.append(_pick(decision))
    return "; ".join(parts) or "nobody was left out"


def _what(data: dict[str, Any], answer: dict[str, Any]) -> str:
    if answer["rcode"] != "NOERROR":
        return str(answer["rcode"])
    if answer["always"]:
        return f"always {', '.join(answer['always'])}, TTL {answer['ttl']['seconds']}"
    members = answer["members"]
    if members:
        return f"{_members(members)}, TTL {answer['ttl']['seconds']}"
    if data["hints"]:
        said = [f"{one['type']} {_members(one['answer']['members'])}" for one in data["hints"] if one["answer"]["members"]]
        return f"its record with hints: {'; '.join(said) or 'none'}"
    records = [one for one in data["name"]["records"] if one["type"] != "SOA"]
    if data["name"]["found"] == "delegation":
        return f"referral to {', '.join(records[0]['data'])}" if records else "referral"
    if not records:
        aliases = [step["alias"] for step in data["name"]["steps"] if "alias" in step]
        return f"alias to {aliases[-1]}" if aliases and data["name"]["found"] == "alias" else "no records"
    return f"{', '.join(text for one in records for text in one['data'][:_MANY])}, TTL {records[-1]['ttl']}"


def _members(members: list[dict[str, Any]]) -> str:
    if len(members) == 1:
        one = members[0]
        return f"{', '.join(one['data'])} ({one['site'] or one['member']})"
    shown = ", ".join(f"{one['member']} {share(one['share'])}" for one in members[:_MANY])
    return shown + (f" and {len(members) - _MANY} more" if len(members) > _MANY else "")


def _step(step: dict[str, Any]) -> str:
    """Say what a filter did; nothing where it did nothing."""
    said = []
    if step["dropped"]:
        whom = [one["member"] for one in step["dropped"]]
        why = f" ({step['dropped'][0]['why']})" if len(whom) == 1 else ""
        said.append(f"drops {_names(whom)}{why}")
    if step["reweighted"]:
        said.append(f"lowers {_names([one['member'] for one in step['reweighted']])}")
    return f"{step['filter']} {' and '.join(said)}" if said else ""


def _pick(decision: dict[str, Any]) -> str:
    many = len(decision["groups"])
    answers = min(decision["answers"] or many, many)
    match decision["pick"]:
        case "all":
            return f"all {many} are given"
        case "first":
            return f"the first {answers} of {many}" if answers > 1 else f"the first of {many}"
        case "sticky":
            return f"{answers} of {many}, the same for this client every time"
        case "rotate":
            return f"{answers} of {many} in turn" if answers < many else f"all {many}, starting at another one each time"
        case _:
            return f"{answers} of {many} drawn by weight"


def _names(names: list[str]) -> str:
    return ", ".join(names[:_MANY]) + (f" and {len(names) - _MANY} more" if len(names) > _MANY else "")


def share(value: float) -> str:
    """Write a share: 75 %, 33.3 %."""
    return f"{value:.1f}".removesuffix(".0") + " %"


def amount(load: float | None) -> str:
    """Write a load in the operator's unit: 1,250, 7.5; nothing where there is none."""
    return "" if load is None else f"{load:,.0f}" if load >= 10 else f"{load:g}"
