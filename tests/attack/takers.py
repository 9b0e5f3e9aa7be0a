"""Every public function of the bot that takes a text, found by its signature and called with one.

A new one is found by itself: it is judged, or stands in OTHERWISE with the reason why not.
"""

import collections.abc
import inspect
import types
import typing
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from functools import cache, partial
from typing import Any

from tests.attack import steps
from tests.attack.regex_steps import literals

AT = datetime(2026, 2, 10, 9, 30, tzinfo=UTC)
TEXTS = (str, bytes, str | bytes, bytes | None, str | None, bytes | str | None)
# What may be given for a parameter behind the text, by what its annotation begins with.
GIVEN: dict[object, object] = {
    str: "a",
    bytes: b"a",
    int: 200,
    float: 1.0,
    bool: False,
    object: "a",
    datetime: AT,
    tzinfo: UTC,
    collections.abc.Sequence: (),
    collections.abc.Iterable: (),
    collections.abc.Collection: (),
    collections.abc.Mapping: {},
    dict: {},
    tuple: (),
}
_IO = "opens what the text names, an address or a file"
_OURS = "takes a word of ours: a name, a title, a setting's name"
_BOUNDED = "is given what `decode.bounded` left, by `let_out` alone"
_READER = "is judged as a reader"
OTHERWISE: dict[str, str] = {
    "bot.alerts.kept.taken_up": _OURS,
    "bot.border.judge.judged": _BOUNDED,
    "bot.border.language.tokens.tokens_of": _BOUNDED,
    "bot.border.language.vocabulary.key_words": _OURS,
    "bot.border.passing.let_out": _READER,
    "bot.cli.health.show": _IO,
    "bot.cli.output.complain": "prints words of ours",
    "bot.cli.shipped.place_of": _IO,
    "bot.cli.shipped.show": _IO,
    "bot.cli.shipped.with_places": "takes a file of ours",
    "bot.diagnosis.batch.refused.refusal_report": "takes a word that its command has read",
    "bot.diagnosis.batch.report.unreadable": _OURS,
    "bot.diagnosis.batch.without_database.judged": "takes a word that its command has read",
    "bot.diagnosis.compare.sides.side_of_totals": _OURS,
    "bot.diagnosis.trace.references.untold": "takes a word that its command has read",
    "bot.docs.between": "takes a file of ours",
    "bot.domain.batch.header.has_ended": "compares it with the states that there are",
    "bot.domain.log.kept_on": _OURS,
    "bot.log.set_up": _OURS,
    "bot.settings.given.use_env_file": _IO,
    "bot.settings.groups.zone_of": _IO,
    "bot.settings.load.detector_settings": _OURS,
    "bot.slack.outbound.web_api.make_client": _IO,
    "bot.sources.cj.queries.summaries": _OURS,
    "bot.sources.docker.http.connect": _IO,
    "bot.sources.kafka.errors.kafka_error": _OURS,
    "bot.sources.log_follow.prefilter.last_head": "its codec is judged with the log's reader",
    "bot.sources.log_format.codec.heads": "its codec is judged with the log's reader",
    "bot.sources.log_format.codec.heads_of": "its codec is judged with the log's reader",
    "bot.sources.log_search.parsed.parsed": "its codec is judged with the log's reader",
    "bot.sources.log_format.codec.is_head": "its codec is judged with the log's reader",
    "bot.sources.loki.labels.by_label": _OURS,
    "bot.sources.probe.health_of": _OURS,
    "bot.sources.redis.item.item_of": _READER,
    "bot.sources.redis.requeue.started_as_stored": "takes what item_of has read",
    "bot.text.redaction.redact": _READER,
    "commands._audited.audited": _OURS,
}
# Where what somebody typed is read, of which Slack sends 4,000 characters.
TYPED = (
    "bot.diagnosis.alerts.",
    "bot.diagnosis.silences.",
    "bot.diagnosis.trace.references.",
    "bot.requests.",
    "bot.text.redaction.echoed",
    "bot.text.redaction.repeated",
    "commands.",
)
# Functions that call for each character, why that is, and what bounds the text.
BY_CHARACTER: dict[str, str] = {
    "bot.cli.ask.understand": "splits a line of the terminal into words, quotes and all",
    "bot.border.context.may_stand": "looks at one word, which the border bounds",
    "bot.border.context.is_data": "looks at one word, which the border bounds",
    "bot.cli.setting_check.is_nearly": "compares the name of one setting, which the system bounds",
    "bot.sources.loki.labels.quoted": "escapes one id or word that a command has read",
    "bot.sources.runners.processes.stop": "compares one process's id",
}
GENERIC = ("a", '"a": ', "(", "%41\\u0041")


@cache
def takers() -> dict[str, Callable[[str], object]]:
    """Return each function that takes a text and nothing that GIVEN lacks, by its name."""
    found = {}
    for name, function in _functions():
        if name in OTHERWISE:
            continue
        call = _call(function)
        if call is not None:
            found[name] = call
    return found


def is_short(taker: str) -> bool:
    """Say whether a function is never given a long text, or calls for each character of it."""
    return taker in BY_CHARACTER or taker.startswith(TYPED)


def left_out() -> set[str]:
    """Return the functions that take a text and are neither called nor in OTHERWISE."""
    return {name for name, _ in _functions()} - set(takers()) - set(OTHERWISE)


@cache
def own_literals() -> dict[str, list[str]]:
    """Return what the patterns of each module are made of, by the module's name."""
    found: dict[str, set[str]] = {}
    for name, used in steps.patterns().items():
        found.setdefault(name.rsplit(".", 2)[0], set()).update(literals(used.pattern))
    return {module: sorted(texts) for module, texts in found.items()}


def _functions() -> Iterator[tuple[str, Callable[..., object]]]:
    for module in steps.modules():
        for name, value in vars(module).items():
            plain = inspect.unwrap(value) if callable(value) else None
            if name.startswith("_") or not inspect.isfunction(plain):
                continue
            if plain.__module__ != module.__name__ or inspect.iscoroutinefunction(plain):
                continue
            first = next(iter(_parameters(plain)), None)
            if first is not None and first.annotation in TEXTS:
                yield f"{module.__name__}.{name}", value


def _parameters(function: Callable[..., object]) -> list[inspect.Parameter]:
    try:
        return list(inspect.signature(function, eval_str=True).parameters.values())
    except (NameError, TypeError):
        return []


def _call(function: Callable[..., Any]) -> Callable[[str], object] | None:
    first, *rest = _parameters(inspect.unwrap(function))
    given: dict[str, object] = {}
    for one in rest:
        variable = one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
        if one.default is not one.empty or variable:
            continue
        key = typing.get_origin(one.annotation) or one.annotation
        if isinstance(key, types.UnionType) or key not in GIVEN:
            return None
        given[one.name] = GIVEN[key]
    as_bytes = first.annotation is not str and bytes in (
        typing.get_args(first.annotation) or (first.annotation,)
    )
    return partial(_apply, function, given, as_bytes)


def _apply(
    function: Callable[..., Any], given: dict[str, object], as_bytes: bool, text: str
) -> object:
    made = function(text.encode() if as_bytes else text, **given)
    return list(made) if isinstance(made, collections.abc.Iterator) else made
