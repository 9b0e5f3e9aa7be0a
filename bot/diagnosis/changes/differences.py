"""What of a tick's sighting is new, by what was known before; pure.

What is seen for the first time is where watching begins and no change. What is known is kept as
JSON values, so that the next process goes on from it.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from bot.diagnosis.changes.sighting import VERSION, Fact, Facts, Sighting, Value
from bot.domain.changes.change import Change, ChangeKind, Noted
from bot.domain.evidence import CONTAINERS, LOGS, TOPIC
from bot.domain.report import plain

# Of a loop of restarts so many are written down in so long, more than an Engine makes of a crash,
# and the others counted.
AGAIN_AFTER, MOST_AGAIN = timedelta(minutes=5), 20
# A start is told twice: by the Engine and by a line once the service is up, by two lines of one
# start, or by two loggers of one line.
ONE_START, ONE_LINE = timedelta(seconds=90), timedelta(seconds=3)
# Runs with models of their own alternate: one has taken the other's place once that is silent.
SETTLED = timedelta(minutes=5)
KEPT_CONTAINERS = 20
RUNS = frozenset({"running", "restarting"})
GONE = "removed"
_NOT_YET = frozenset({"created", ""})


def noted(known: Mapping[str, Any], seen: Sighting) -> Noted:
    """Return what changed, oldest first, and what is known from now on."""
    now: dict[str, Any] = deepcopy(dict(known))
    now.setdefault("since", plain(seen.at))
    now.setdefault("read", {}).update(dict.fromkeys(sorted(seen.read), plain(seen.at)))
    heard, began = now.setdefault("heard", {}), datetime.fromisoformat(now["since"])
    for service, at in seen.heard.items():
        # Lines of before may be a recording, or of a container that is no more.
        if at >= began:
            heard.setdefault(service, plain(at))
    found = [
        *_of_containers(now, seen),
        *_of_starts(now, seen),
        *_of_values(now, seen),
        *_of_topic(now, seen),
        *_of_settings(now, seen),
    ]
    return Noted(tuple(sorted(found, key=lambda one: one.at)), now)


def _of_containers(known: dict[str, Any], seen: Sighting) -> Iterator[Change]:
    if seen.containers is None:
        return
    is_first = "containers" not in known
    services = known.setdefault("containers", {})
    for service, rows in seen.containers.items():
        before = services.get(service, {})
        if not is_first:
            yield from _of_service(known, seen.at, service, before, rows)
        services[service] = _kept(before, rows)
    for service in services.keys() - seen.containers.keys():
        yield from _of_service(known, seen.at, service, services[service], {})
        services[service] = _kept(services[service], {})


def _kept(before: Facts, rows: Facts) -> dict[str, Any]:
    """Return what is known of a service's containers; those that are gone may be replaced yet."""
    found = {id: dict(one) for id, one in rows.items() if one["state"] not in _NOT_YET}
    for id, one in found.items():
        old = before.get(id, {})
        one["started_at"] = one["started_at"] or old.get("started_at")
        if one["health"] in ("", "starting"):
            one["health"] = old.get("health", "")
    # A replacement takes the place of those that ran no more.
    replaced = any(id not in before and one["state"] in RUNS for id, one in found.items())
    if not replaced:
        for id, gone in before.items():
            found.setdefault(id, {**gone, "state": GONE})
    return dict(list(found.items())[:KEPT_CONTAINERS])


def _of_service(
    known: dict[str, Any], at: datetime, service: str, before: Facts, rows: Facts
) -> Iterator[Change]:
    fresh = [id for id, one in rows.items() if id not in before and one["state"] in RUNS]
    ended = [id for id in before if rows.get(id, {"state": GONE})["state"] not in RUNS]
    others = [id for id in before if id not in ended]
    for id in fresh:
        image = rows[id]["image"]
        started = _moment(rows[id]["started_at"])
        yield _start_told(
            known,
            Change(
                started or at,
                ChangeKind.RECREATED if ended else ChangeKind.STARTED,
                service,
                before[(ended or others)[0]]["image"] if before else "",
                image,
                CONTAINERS,
                is_exact=started is not None,
            ),
        )
    if fresh:
        return
    for id, old in before.items():
        yield from _of_container(known, at, service, old, rows.get(id, {**old, "state": GONE}))


def _of_container(
    known: dict[str, Any],
    at: datetime,
    service: str,
    old: Fact,
    new: Fact,
) -> Iterator[Change]:
    started, first = _moment(new["started_at"]), _moment(old["started_at"])
    begins = new["state"] in RUNS and old["state"] not in RUNS
    if begins or (started and first and started - first > timedelta(seconds=1)):
        is_exact = started is not None and started != first
        moment = started if is_exact and started else at
        restart = Change(moment, ChangeKind.RESTARTED, service, "", "", CONTAINERS, is_exact)
        yield from _at_most(known, restart, at)
        known.setdefault("starts", {})[service] = plain(moment)
    elif old["state"] in RUNS and new["state"] not in RUNS:
        ended = Change(at, ChangeKind.STATE, service, old["state"], new["state"], CONTAINERS)
        yield from _at_most(known, ended, at)
    health, was = new["health"], old["health"]
    if was and health and health not in ("starting", was):
        yield Change(at, ChangeKind.HEALTH, service, was, health, CONTAINERS)


def _at_most(known: dict[str, Any], change: Change, at: datetime) -> Iterator[Change]:
    """Yield a change unless several of its kind were written shortly before: then it is counted."""
    key = f"{change.subject} {change.kind.value}"
    written = known.setdefault("written", {}).setdefault(key, {"at": [], "unsaid": 0})
    recent = [one for one in written["at"] if at - datetime.fromisoformat(one) < AGAIN_AFTER]
    if len(recent) >= MOST_AGAIN:
        written["unsaid"] += 1
        return
    count = 1 + written["unsaid"]
    known["written"][key] = {"at": [*recent, plain(at)], "unsaid": 0}
    yield Change(
        *(change.at, change.kind, change.subject, change.before, change.after, change.source),
        is_exact=change.is_exact,
        count=count,
    )


def _start_told(known: dict[str, Any], change: Change) -> Change:
    known.setdefault("starts", {})[change.subject] = plain(change.at)
    return change


def _of_starts(known: dict[str, Any], seen: Sighting) -> Iterator[Change]:
    """Yield the starts that services logged themselves, where no Engine reported them.

    What stands in lines of before is where watching begins, whenever it is read.
    """
    lines, began = known.setdefault("lines", {}), datetime.fromisoformat(known["since"])
    texts = known.setdefault("texts", {})
    for service, at, text in sorted(seen.starts, key=lambda one: one[1]):
        by_engine = _moment(known.get("starts", {}).get(service))
        last = _moment(lines.get(service))
        lines[service] = plain(max(at, last or at))
        is_other = texts.get(service, text) != text
        if last is not None and abs(at - last) < (ONE_START if is_other else ONE_LINE):
            continue
        texts[service] = text
        if at <= began or (by_engine is not None and abs(at - by_engine) < ONE_START):
            continue
        if any(one["started_at"] for one in (seen.containers or {}).get(service, {}).values()):
            continue
        # A start is one anew only where the service was heard before it began to start.
        heard = _moment(known["heard"].get(service))
        is_anew = last is not None or (heard is not None and at - heard >= ONE_START)
        kind = ChangeKind.RESTARTED if is_anew else ChangeKind.STARTED
        restart = Change(at, kind, service, "", "", LOGS, is_exact=True)
        yield from _at_most(known, restart, at)


def _of_values(known: dict[str, Any], seen: Sighting) -> Iterator[Change]:
    values = known.setdefault("values", {})
    for one in seen.values:
        old = values.get(one.subject)
        if old is not None and one.of < datetime.fromisoformat(old["of"]):
            continue  # an older batch says what was, not what is
        if old is None or old["value"] == one.value:
            values[one.subject] = {"value": one.value, "of": plain(one.of)}
        elif one.kind is not ChangeKind.MODEL or _settles(old, one):
            values[one.subject] = {"value": one.value, "of": plain(one.of)}
            at = _moment((old.get("rival") or {}).get(one.value)) or one.of
            yield Change(at, one.kind, one.subject, old["value"], one.value, one.source)


def _settles(old: dict[str, Any], value: Value) -> bool:
    """Say whether a model has taken the place of the one before; note since when it is used."""
    old.setdefault("rival", {}).setdefault(value.value, plain(value.of))
    return value.of - datetime.fromisoformat(old["of"]) >= SETTLED


def _of_topic(known: dict[str, Any], seen: Sighting) -> Iterator[Change]:
    if seen.topic is None:
        return
    counts, beyond = dict(seen.topic.recreations), seen.topic.beyond_end
    old = known.get("topic")
    # The total is what a version before this one reads.
    known["topic"] = {"recreations": sum(counts.values()), "beyond": beyond, "anew": counts}
    if old is None:
        return
    # The counts begin at nothing with each process.
    before = old.get("anew", counts)
    anew = {name for name, count in counts.items() if count > before.get(name, 0)}
    if beyond and not old["beyond"]:
        anew.add(seen.topic.topic)
    for name in sorted(anew):
        change = Change(seen.at, ChangeKind.TOPIC, f"topic {name}".strip(), source=TOPIC)
        yield from _at_most(known, change, seen.at)


def _of_settings(known: dict[str, Any], seen: Sighting) -> Iterator[Change]:
    """Yield the settings that have another value, by their names alone."""
    if not seen.own.version:
        return
    old, new = known.get("settings"), dict(seen.own.settings)
    known["settings"] = new
    if old is None or old == new:
        return
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            after = "added" if name not in old else "removed" if name not in new else "changed"
            yield Change(seen.at, ChangeKind.SETTING, name, "", after, VERSION)


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None
