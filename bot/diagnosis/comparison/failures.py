"""What failed for which reason, by rows and by the log's lines, counted and joined; pure."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.diagnosis.comparison.failure_reasons import (
    FailedCall,
    failed_call,
    ids_of,
    is_of_request,
    reason_of_group,
    reason_of_line,
    status_of_line,
)
from bot.diagnosis.comparison.failure_words import WORDS, FailureReason, ReasonWords
from bot.diagnosis.comparison.log_events import LogClue, clue_of
from bot.domain.batch import ErrorGroup, PairRow
from bot.domain.log import LogEvent

# Classes of reasons, of which the lines may name a more precise one.
_VAGUE = frozenset(
    {FailureReason.CONNECTION, FailureReason.SERVER, FailureReason.REFUSED, FailureReason.UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class Failures:
    """What failed for one reason: `comparisons` that ended as errors, `real` failures behind them.

    `requests` counts those that met it by the log, retried ones included, and `mates` the others of
    their bundles, which failed with them; `status` is the HTTP status where one is known and
    `retry_after` what the provider asked to wait, in seconds. `sources` says where it was read:
    rows, logs or both.
    """

    reason: FailureReason
    comparisons: int = 0
    real: int = 0
    requests: int = 0
    status: int | None = None
    retry_after: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    sources: tuple[str, ...] = ()
    mates: int = 0

    @property
    def words(self) -> ReasonWords:
        """What people read of it."""
        return WORDS[self.reason]

    @property
    def what(self) -> str:
        """What happened, with the status of the answer where there was one."""
        return self._with_status(self.words.what)

    @property
    def short(self) -> str:
        """The same in two words, for a headline that says more."""
        return self._with_status(self.words.short)

    def _with_status(self, told: str) -> str:
        return f"{told} ({self.status})" if self.status else told

    def as_fact(self) -> dict[str, object]:
        """Return it as plain values."""
        return {
            "reason": self.reason.value,
            "comparisons": self.comparisons,
            "real_failures": self.real,
            "requests": self.requests,
            "bundle_mates": self.mates,
            "http_status": self.status,
            "retry_after": self.retry_after or None,
            "first_at": self.first_at,
            "last_at": self.last_at,
            "sources": list(self.sources),
        }


def failures_of(
    groups: Sequence[ErrorGroup],
    events: Iterable[LogEvent],
    ids: Set[str],
    clues: Iterable[LogClue] | None = None,
    *,
    own_alone: bool = False,
) -> tuple[Failures, ...]:
    """Return why comparisons failed, the most first: by rows, more precisely by lines about `ids`.

    Requests that met a failure and got their answer after it count as `requests` alone. `clues`
    are what lines bind of queue ids to requests; without them the failing lines alone tell it.
    `own_alone` leaves out what failed these requests because another one of their bundle failed.
    """
    logged = failures_in(events, ids, clues, own_alone=own_alone)
    found: dict[FailureReason, Failures] = {}
    for group in groups:
        reason = reason_of_group(group)
        by_log = reason in _VAGUE and _more_precise(reason, logged)
        source = ("rows", "logs") if by_log and reason is not FailureReason.UNKNOWN else ("rows",)
        one = Failures(
            by_log or reason,
            group.rows,
            group.roots,
            status=group.http_status or None,
            first_at=group.first_at,
            last_at=group.last_at,
            sources=("logs",) if by_log and reason is FailureReason.UNKNOWN else source,
        )
        found[one.reason] = _added(found.get(one.reason), one)
    for reason, one in logged.items():
        if reason is not FailureReason.UNKNOWN:
            found[reason] = _added(found.get(reason), one)
    return tuple(sorted(found.values(), key=lambda one: (-one.comparisons, -one.requests)))


def failure_of(row: PairRow, events: Iterable[LogEvent], ids: Set[str]) -> Failures:
    """Return why one comparison failed: by its row, more precisely by the lines about `ids`."""
    group = ErrorGroup(
        row.error_code or "",
        row.error_service or "",
        row.provider or "",
        1,
        1,
        http_status=row.http_status,
        error_type=row.error_type,
        provider_error_type=row.provider_error_type,
        message=row.message,
        first_at=row.error_at,
        last_at=row.error_at,
    )
    found = failures_of((group,), events, ids)
    known = (one for one in found if one.reason is not FailureReason.UNKNOWN)
    return next(known, found[0])


def request_ids(clues: Iterable[LogClue], members: Set[str]) -> frozenset[str]:
    """Return the queue ids that lines bind to one of these correlation ids."""
    return frozenset(c.queue_id for c in clues if c.queue_id and c.correlation_id in members)


def _more_precise(
    reason: FailureReason, logged: Mapping[FailureReason, Failures]
) -> FailureReason | None:
    """Return the reason that the lines name where the rows hold only its class."""
    others = [one for one in logged.values() if one.reason not in (reason, FailureReason.UNKNOWN)]
    confirmed = reason is not FailureReason.UNKNOWN and reason in logged
    if confirmed or not others:
        return None
    return max(others, key=lambda one: one.requests).reason


def failures_in(
    events: Iterable[LogEvent],
    ids: Set[str] | None = None,
    clues: Iterable[LogClue] | None = None,
    *,
    own_alone: bool = False,
) -> dict[FailureReason, Failures]:
    """Return what lines say went wrong, by reason: of the requests with these ids, or of all.

    A request is counted once, whether a line names its queue id, its correlation id or both. A
    bundle fails as a whole: a line names the request whose call failed, and lines behind it repeat
    the answer for every request of the bundle. Only the first has met the failure.
    """
    owners = _owners(clues or ())
    seen: dict[FailureReason, Failures] = {}
    met: dict[FailureReason, _Met] = {}
    roots: dict[str, FailedCall] = {}
    for event in events:
        reason = reason_of_line(event)
        roots[event.container] = root = failed_call(roots.get(event.container), event, reason)
        if reason is None:
            continue
        own = ids_of(event)
        with_root = root if is_of_request(event) and root.failed(event, reason) else None
        mine = _of_these(with_root.ids if with_root else own, ids)
        if with_root and not mine and not own_alone:
            with_root, mine = None, _of_these(own, ids)
        if ids is not None and not mine:
            continue
        if clues is None:
            owners.update(_owners(filter(None, (clue_of(event),))))
        met.setdefault(reason, _Met()).add(mine, own, with_root)
        wait = event.fields.get("retry-after", event.fields.get("retry_after", ""))
        one = Failures(
            reason,
            status=status_of_line(event),
            retry_after=str(wait) if str(wait).isdigit() else "",
            first_at=event.at,
            last_at=event.at,
            sources=("logs",),
        )
        seen[reason] = _added(seen.get(reason), one)
    return {reason: met[reason].counted(one, owners) for reason, one in seen.items()}


def _of_these(found: Set[str], ids: Set[str] | None) -> Set[str]:
    return found if ids is None else found & ids


@dataclass(slots=True)
class _Met:
    """The ids by which lines name the requests that met a failure, and all of their bundles."""

    requests: set[str] = field(default_factory=set)
    bundled: set[str] = field(default_factory=set)
    roots: set[str] = field(default_factory=set)

    def add(self, requests: Set[str], item: Set[str], root: FailedCall | None) -> None:
        """Take in a line: whose failure it is, and the item of a bundle that it names."""
        self.requests |= requests
        if root is not None:
            self.bundled |= item
            self.roots |= root.ids

    def counted(self, one: Failures, owners: Mapping[str, str]) -> Failures:
        """Return a failure with how many requests met it, and how many failed with these.

        A bundle's lines name each of it, so that which one is which need not be known.
        """
        requests, bundled, roots = (
            len({owners.get(id, id) for id in ids})
            for ids in (self.requests, self.bundled, self.roots)
        )
        return replace(one, requests=requests, mates=max(0, bundled - roots))


def _owners(clues: Iterable[LogClue]) -> dict[str, str]:
    """Return the correlation ids that lines bind queue ids to."""
    return {
        one.queue_id: one.correlation_id for one in clues if one.queue_id and one.correlation_id
    }


def merged(failures: Iterable[Failures]) -> tuple[Failures, ...]:
    """Return failures of one reason as one, the most first; those without a reason last."""
    found: dict[FailureReason, Failures] = {}
    for one in failures:
        found[one.reason] = _added(found.get(one.reason), one)
    return tuple(sorted(found.values(), key=_rank))


def _rank(one: Failures) -> tuple[bool, int, int]:
    return one.reason is FailureReason.UNKNOWN, -one.comparisons, -one.requests


def _added(one: Failures | None, more: Failures) -> Failures:
    if one is None:
        return more
    firsts = [at for at in (one.first_at, more.first_at) if at]
    lasts = [at for at in (one.last_at, more.last_at) if at]
    return Failures(
        one.reason,
        one.comparisons + more.comparisons,
        one.real + more.real,
        one.requests + more.requests,
        one.status or more.status,
        one.retry_after or more.retry_after,
        min(firsts, default=None),
        max(lasts, default=None),
        tuple(dict.fromkeys((*one.sources, *more.sources))),
        one.mates + more.mates,
    )
