"""The ways out: what each kind of outside text becomes once the bot's own parts have read it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bot.alerts.store import serialization
from bot.border import passing
from bot.border.outside import Outside, let_out_all
from bot.border.passing import let_out, name
from bot.cli import terminal
from bot.cli.output import to_json
from bot.diagnosis import logs
from bot.diagnosis.evidence.log_lines import shown_line
from bot.diagnosis.export import bundle
from bot.diagnosis.export.html import html_page
from bot.domain.alert import Alert, AlertState, Condition, Sample
from bot.domain.batch import BlockedSession, ErrorGroup, PairRow
from bot.domain.batch.outbox import OutboxGroup
from bot.domain.callbacks.callback import RejectedCallback
from bot.domain.evidence import EvidenceLine
from bot.domain.log import LogEvent, LogSearch, Role
from bot.domain.queue import QueueItem
from bot.domain.report import Confidence, Finding, Report, Severity
from bot.domain.runner import Runner, RunnerKind
from bot.domain.service_state import ContainerState, ServiceHealth
from bot.log import Json, Redacted
from bot.slack.blocks.report import LEVELS, report_blocks
from bot.sources.log_format.parser import parse_lines
from bot.sources.redis.item import item_of
from bot.text import markdown_report
from bot.text.privacy import presentable

AT = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)


def quick_ways(where: str, raw: str) -> Iterator[tuple[str, str]]:
    """Yield what every way out begins with: the border's judgement, and the parser's fields."""
    with judged_once():
        yield from _quick_ways(where, raw)


@contextmanager
def judged_once() -> Iterator[None]:
    """Let the border keep its judgement of long texts too: each way asks it for the same ones."""
    whole = passing._whole
    passing._whole = lru_cache(maxsize=64)(whole)
    try:
        yield
    finally:
        passing._whole = whole


def _quick_ways(where: str, raw: str) -> Iterator[tuple[str, str]]:
    yield "border", let_out(raw, 100_000).text
    yield "name", name(raw)
    if where == "log":
        events = tuple(events_of(raw))
        yield "event", "\n".join(_leaves(events))
        yield "/logs", "\n".join(shown_line(event).text for event in events)


def ways_out(where: str, raw: str) -> Iterator[tuple[str, str]]:
    """Yield (way, output) for a text that lies at `where`."""
    with judged_once():
        yield from _ways_out(where, raw)


def _ways_out(where: str, raw: str) -> Iterator[tuple[str, str]]:
    text = Outside(raw)
    yield "border", let_out(raw, 100_000).text
    yield "name", name(raw)
    yield "bot log", _logged(raw)
    match where:
        case "log":
            events = tuple(events_of(raw))
            report = logs.diagnose(logs.LogAsk(""), LogSearch(events, ()))
            yield from rendered("/logs", report)
            yield (
                "bundle",
                "\n".join(content.decode() for content in bundle.log_files(events).values()),
            )
            yield "event", "\n".join(_leaves(events))
        case "row":
            yield "row", "\n".join(_leaves(_rows(raw)))
        case "queue":
            yield "queue", "\n".join(_leaves((QueueItem(raw, raw), item_of("q", raw))))
        case _:
            yield "fact", "\n".join(_leaves(_facts(raw)))
    yield from rendered("finding", _report(text))
    yield "store", _stored(text)


def events_of(raw: str) -> Iterator[LogEvent]:
    """Yield what the parser reads of a log's text."""
    lines = raw.encode("utf-8", "replace").split(b"\n")
    service = "cj_assessment_service"
    return parse_lines(lines, service=service, container=service, role=Role.CJ, zone=UTC)


def searched(raw: str) -> str:
    """Return the lines that `/logs` shows of a log's text."""
    return "\n".join(shown_line(event).text for event in events_of(raw))


def rendered(way: str, report: Report) -> Iterator[tuple[str, str]]:
    """Yield a report as each renderer writes it."""
    yield f"{way} terminal", terminal.printed(report)
    yield f"{way} markdown", markdown_report.render(report)
    yield f"{way} json", to_json(presentable(report).as_json())
    # Its style sheet is ours alone, and speaks of a page.
    yield f"{way} page", html_page(presentable(report), AT).partition("</style>")[2]
    # Not through BlockKit, whose messages the tests hold against rules on words of ours.
    yield f"{way} slack", str(list(report_blocks(presentable(report), LEVELS[0])))


def _report(text: Outside) -> Report:
    line = EvidenceLine(text, AT, text)
    finding = Finding("rule", Severity.WARN, Confidence.HIGH, f"It said {text}.", evidence=(line,))
    facts = {"said": text, "by": {text: 1}, "some": [text]}
    return Report("batch", "A title", facts=facts, findings=(finding,), summary=f"With {text}")


def _rows(raw: str) -> tuple[object, ...]:
    pair = PairRow(1, 2, raw, raw, raw, None, "pair", winner=raw, error_code=raw, provider=raw)
    session = BlockedSession(1, raw, raw, 1.0, relation=raw, application=raw)
    return (ErrorGroup(raw, raw, raw, 1, 1), OutboxGroup(raw, 1, last_error=raw), pair, session)


def _facts(raw: str) -> tuple[object, ...]:
    rejected = RejectedCallback(AT, raw, raw, "topic", correlation_id=raw, provider=raw)
    container = ContainerState("cj", raw, "c1", raw, modes={"MODE": raw})
    runner = Runner("p1", RunnerKind.PROCESS, raw, options={"mode": raw})
    return (rejected, container, runner, ServiceHealth("cj", AT, raw, open_circuits=(raw,)))


def _stored(text: Outside) -> str:
    found = Condition(
        "subject", "rule", Severity.WARN, Confidence.HIGH, text, AT, known=text,
        evidence=(EvidenceLine(text, AT, text),),
    )  # fmt: skip
    firing = AlertState.FIRING
    alert = Alert("a/b/c", "a", "b", "c", firing, Severity.WARN, found, AT, AT, AT)
    return serialization.alert_json(alert) + str(Sample(AT, {"x": text, text: 1}, text))


def _logged(raw: str) -> str:
    record = _record("bot.test", "read %s: %s", Outside(raw), ValueError(raw))
    theirs = _record("aiokafka", f"read {raw}")
    return "\n".join(kind().format(one) for kind in (Redacted, Json) for one in (record, theirs))


def _record(name: str, msg: str, *args: object) -> logging.LogRecord:
    # The digits of a time of now may happen to be those of a plant.
    at = {"created": 0.0, "msecs": 0.0}
    return logging.makeLogRecord({"name": name, "msg": msg, "args": args, **at})


def _leaves(value: Any) -> Iterator[str]:
    """Yield every text of facts as it may be written: what passed, keys included."""
    yield str(let_out_all(value))
