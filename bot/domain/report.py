"""The one shape of every answer: verdict, facts, findings, timeline and sources."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime, timedelta
from enum import Enum, StrEnum
from typing import Any

from bot.border.outside import Outside
from bot.domain.chart import Chart
from bot.domain.evidence import EvidenceLine, SourceReading
from bot.domain.headline import MOST_CHARS, one_breath
from bot.domain.needles import PROVENANCE, ReadInSource
from bot.domain.words import Text, Words, words


class Severity(StrEnum):
    """How bad a finding is: info is how things worked, warn and error want somebody to act."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


class Confidence(StrEnum):
    """How sure a finding is, from the evidence alone."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Verdict(StrEnum):
    """The worst thing a report says, in the order error > unknown > warn > ok."""

    OK = "ok"
    WARN = "warn"
    UNKNOWN = "unknown"
    ERROR = "error"


# JSON readers and writers agree on whole numbers of 64 bits only.
MOST_INTEGER = 2**63 - 1
UNPROVEN = "Unproven: the line that it misses is known from the source alone."
VERDICT_MARKS = {Verdict.WARN: "⚠️", Verdict.UNKNOWN: "❔", Verdict.ERROR: "🔴"}
WELL = "✅"
UNDER_WAY = "⏳"
_MARK_CHARS = 3
_VERDICT_ORDER = (Verdict.OK, Verdict.WARN, Verdict.UNKNOWN, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Finding:
    """One named cause with what was seen, why it matters, the evidence and the next steps.

    `rule` is a stable id (`orphaned-item`); `what` is one sentence with the numbers, `why` the
    mechanism; `next` holds commands or steps in order, safest first; `cause` names the rule id
    of the finding that this one follows from, empty for a first cause; a report drops one that it
    does not hold. `unproven` names the files in which log texts were read whose absence it rests
    on, where no real log has shown them. `lost` is how many comparisons it says were lost, by which
    causes as bad as one another are put in order; it is no field of the JSON.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    what: Text
    why: Text = ""
    evidence: tuple[EvidenceLine, ...] = ()
    next: tuple[Text, ...] = ()
    cause: str = ""
    unproven: tuple[str, ...] = ()
    lost: int = 0


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One dated step of the story; text is allow-listed and redacted. `failed` marks a failure."""

    at: datetime | None
    service: str
    source: str
    text: Text
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A compact table for people; `columns` are headings, every row has as many cells."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    caption: Text = ""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that belongs to an answer, such as a Markdown investigation.

    `alt` says in words what a picture shows; `is_document` that it may be shown as a canvas too.
    """

    filename: str
    content: bytes
    title: str = ""
    alt: str = ""
    is_document: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """An answer. `as_json` is a contract: its keys and the meaning of each are fixed.

    `needed` names the sources without which the verdict is at least unknown; `found` is False
    when every needed source was read and nothing lives under the id. `summary` is the first
    line in words; `tables`, `charts`, `actions` (next commands, offered as buttons) and
    `attachments` are for people and are left out of the JSON contract. `document` is the whole
    answer as Markdown where it has a shape of its own; it is made from a presentable report.
    `read_as` is the command that a plain question was read as, and `left_out` what that leaves
    out of it.
    `headline` is the first line where the summary is too long for one, `mark` the subject's state
    as a mark where nothing is wrong with it: an answer without a subject has none. `matters` are
    the two or three facts that a reader wants first, in words.
    `story` is read after the headline, a sentence each; `lines` are the body of the answer, a
    line each; `folded` are tables that stand below a fold where there is one.
    `confirm` is the command that a yes to it runs, of an answer that asks for one.
    `shown_in` is the Slack message (channel and ts) that shows by itself what was changed.
    `is_change` says that its command changes something: nothing offers to run it once more.
    `environment` and `asked_by` (a name) are of the place where it is answered.
    """

    command: str
    title: Text
    facts: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    sources: tuple[SourceReading, ...] = ()
    unreadable_need: bool = False
    found: bool = True
    summary: Text = ""
    tables: tuple[Table, ...] = ()
    actions: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    document: str = ""
    charts: tuple[Chart, ...] = ()
    shown_in: tuple[str, str] | None = None
    headline: Text = ""
    mark: str = ""
    matters: tuple[tuple[str, Text], ...] = ()
    read_as: str = ""
    left_out: str = ""
    story: tuple[Text, ...] = ()
    lines: tuple[Text, ...] = ()
    folded: tuple[Table, ...] = ()
    environment: str = ""
    asked_by: str = ""
    confirm: str = ""
    is_change: bool = False

    def __post_init__(self) -> None:
        rules = {one.rule for one in self.findings}
        proved = (_with_proof(one) for one in self.findings)
        kept = (one if one.cause in rules else replace(one, cause="") for one in proved)
        object.__setattr__(self, "findings", tuple(kept))

    @property
    def verdict(self) -> Verdict:
        """Return the worst of the findings and of what could not be read."""
        return worst_verdict(self.findings, unknown=self.unreadable_need or not self.found)

    @property
    def state_mark(self) -> str:
        """Return the subject's state as a mark; what was not found has none."""
        return VERDICT_MARKS.get(self.verdict, self.mark) if self.found else ""

    @property
    def first_line(self) -> Words:
        """Return mark and headline: what is read first, and all that a notification says."""
        mark = self.state_mark
        told = one_breath(
            self.headline or self.summary or self.title, MOST_CHARS - _MARK_CHARS * bool(mark)
        )
        return words(f"{mark} ", told) if mark else told

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain JSON values; times become ISO-8601 with +00:00."""
        return {
            "command": self.command,
            "title": plain(self.title),
            "verdict": self.verdict.value,
            "headline": plain(self.first_line),
            "summary": plain(self.summary),
            "facts": plain(dict(self.facts)),
            "findings": [_finding_json(finding) for finding in self.findings],
            "timeline": [_fields(entry) for entry in self.timeline],
            "sources": [_fields(reading) for reading in self.sources],
        }


def _with_proof(finding: Finding) -> Finding:
    """Mark a finding that misses a log text which was only read in the source."""
    files = () if finding.unproven else unproven_files(finding.evidence)
    if not files:
        return finding
    return replace(finding, unproven=files, why=words(finding.why, " ", UNPROVEN))


def unproven_files(evidence: Sequence[EvidenceLine]) -> tuple[str, ...]:
    """Return the files in which log texts were read whose absence the evidence tells.

    A text that stands in a line is seen by that; one that no real log has shown may never be
    logged.
    """
    missed = [PROVENANCE.get(line.lacks) for line in evidence if line.lacks]
    return tuple(dict.fromkeys(one.file for one in missed if isinstance(one, ReadInSource)))


def worst_verdict(findings: Iterable[Finding], *, unknown: bool = False) -> Verdict:
    """Return the worst verdict; a finding of info is how things worked and stays ok."""
    verdicts = [Verdict.UNKNOWN if unknown else Verdict.OK]
    for finding in findings:
        if finding.severity is Severity.ERROR:
            verdicts.append(Verdict.ERROR)
        elif finding.severity is Severity.WARN:
            verdicts.append(Verdict.WARN)
    return max(verdicts, key=_VERDICT_ORDER.index)


def plain(value: Any) -> Any:
    """Return `value` as JSON-ready data: enums as text, times as ISO-8601 UTC, spans in seconds.

    Typed text becomes one string, with ISO-8601 times and whole ids.
    """
    match value:
        case Enum():
            return value.value
        case Words() | Outside():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case int() if abs(value) > MOST_INTEGER:
            return str(value)
        case str() | int() | float() | bool() | None:
            return value
        case tuple() | list() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return str(value)


def _finding_json(finding: Finding) -> dict[str, Any]:
    lines = [
        {"source": line.source, "at": plain(line.at), "text": plain(line.text)}
        for line in finding.evidence
    ]
    fields = _fields(finding) | {"evidence": lines}
    del fields["lost"]
    return fields


def _fields(value: Any) -> dict[str, Any]:
    """Return a dataclass as a mapping; what it holds is not taken apart."""
    return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
