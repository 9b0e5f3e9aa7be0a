"""Reads a folder of logs, rows and truth: a recorded day of several batches, or one case.

`truth.json` is a list (a day: one entry a batch) or an object (a case). Logs are `logs/*.log` or
`logs.tar.xz`; rows are a plain SQL dump (`*.sql`, `*.sql.gz`) or `rows.json` (table -> rows).
"""

import gzip
import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ASKED_AFTER = timedelta(minutes=2)
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class DayError(Exception):
    """A folder that holds no truth, or none that can be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one batch; empty fields were not given and are not judged.

    `causes` are words for what was wrong. `must_name` and `must_not` are groups of rule ids and
    phrases, `verdicts` what the answer may be. Each pattern of `wanted` is met by one finding
    (`rule: what`), `allowed` are the rules that may warn besides (None: any), and no pattern of
    `never_say` stands in a finding or in its advice, unless it is denied there. One pattern of
    `named_by` at least stands in a finding, its evidence included, unless the bot's own words for
    all `causes` do; none of `false_by` stands in what a warn or an error says.
    """

    batch: str
    kind: str
    done: str = ""
    causes: tuple[str, ...] = ()
    would_be_false: tuple[str, ...] = ()
    asked_at: datetime | None = None
    window: str = ""
    verdicts: tuple[str, ...] = ()
    must_name: tuple[Mapping[str, Any], ...] = ()
    must_not: tuple[Mapping[str, Any], ...] = ()
    never_advise: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    allowed: tuple[str, ...] | None = None
    never_say: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()
    false_by: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """One folder: where its logs lie, its rows, and the truth of its batches."""

    name: str
    folder: Path
    logs: Path | None
    sql: str
    rows: Mapping[str, Any] | None
    truths: tuple[Truth, ...]


def days(root: Path, scratch: Path) -> Iterator[Day]:
    """Yield the day or case in `root`, or one for each folder in it that has a truth.json.

    Archives are unpacked below `scratch`. Raises DayError.
    """
    if (root / "truth.json").is_file():
        yield _day(root, scratch)
        return
    found = sorted(path.parent for path in root.glob("*/truth.json"))
    if not found:
        raise DayError(f"{root} holds no truth.json, and no folder in it does")
    for folder in found:
        yield _day(folder, scratch)


def moment_of(truth: Truth, day: datetime) -> datetime:
    """Return when the question is asked: as given, or a little after the batch's window ended."""
    if truth.asked_at is not None:
        return truth.asked_at
    end = truth.window.split("-")[-1].strip()
    try:
        clock = datetime.strptime(end, "%H:%M").time()  # noqa: DTZ007 - only its time is used
    except ValueError:
        return day + ASKED_AFTER
    return datetime.combine(day.date(), clock, UTC) + ASKED_AFTER


def _day(folder: Path, scratch: Path) -> Day:
    try:
        given = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        entries = given if isinstance(given, list) else [given]
        truths = tuple(_truth(entry) for entry in entries)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DayError(f"{folder / 'truth.json'} cannot be read: {error}") from error
    return Day(
        name=folder.name,
        folder=folder,
        logs=_logs(folder, scratch),
        sql=_sql(folder),
        rows=_rows(folder),
        truths=truths,
    )


def _truth(entry: Mapping[str, Any]) -> Truth:
    asked = entry.get("asked_at")
    return Truth(
        batch=_named(entry),
        kind=str(entry.get("kind", "")),
        done=str(entry.get("done", "")),
        causes=tuple(map(str, entry.get("causes", ()))),
        would_be_false=_phrases(entry.get("would_be_false", "")),
        asked_at=datetime.fromisoformat(asked).astimezone(UTC) if asked else None,
        window=str(entry.get("window_utc", "")),
        verdicts=_words(entry.get("verdicts") or entry.get("verdict", ())),
        must_name=tuple(entry.get("must_name", ())),
        must_not=tuple(entry.get("must_not", ())),
        never_advise=tuple(entry.get("never_advise", ())),
        wanted=tuple(entry.get("wanted", ())),
        allowed=tuple(entry["allowed"]) if "allowed" in entry else None,
        never_say=tuple(entry.get("never_say", ())),
        named_by=_words(entry.get("named_by", ())),
        false_by=_words(entry.get("false_by", ())),
        facts=dict(entry.get("facts", {})),
        ask=str(entry.get("ask", "")),
    )


def _words(given: Any) -> tuple[str, ...]:
    """Return one word or several, as a day or a case writes them."""
    return (given,) if isinstance(given, str) else tuple(given)


def _named(entry: Mapping[str, Any]) -> str:
    """Return what a batch is asked by: its number, or its uuid where it left no row."""
    if entry["batch"] is not None:
        return str(entry["batch"])
    found = _UUID.search(str(entry.get("done", "")))
    if found is None:
        raise ValueError("a truth of no batch names no uuid")
    return found[0]


def _phrases(given: Any) -> tuple[str, ...]:
    """Return what would be false, one claim each; a day words them freely."""
    texts = given if isinstance(given, list | tuple) else re.split(r"[;,]", str(given))
    return tuple(text for one in texts if (text := str(one).strip().casefold()))


def _logs(folder: Path, scratch: Path) -> Path | None:
    if (folder / "logs").is_dir():
        return folder / "logs"
    for archive in sorted(folder.glob("*.tar.*")):
        target = scratch / folder.name
        with tarfile.open(archive) as tar:
            tar.extractall(target, filter="data")
        found = sorted({path.parent for path in target.rglob("*.log")})
        if found:
            return found[0]
    return None


def _sql(folder: Path) -> str:
    for path in sorted([*folder.glob("*.sql"), *folder.glob("*.sql.gz")]):
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8")
    return ""


def _rows(folder: Path) -> Mapping[str, Any] | None:
    path = folder / "rows.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
