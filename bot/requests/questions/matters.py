"""Reads questions about what batches stand on: models, modes, mock, time-outs, codes, servers."""

import re
from collections.abc import Iterable
from datetime import datetime

from bot.domain.log import Service
from bot.requests.questions.over_time import changes_line
from bot.requests.questions.question import PlainQuestion
from bot.requests.questions.reading import Reading
from bot.requests.questions.words.counts import names_several
from bot.requests.questions.words.stems import asks
from bot.requests.questions.words.vocabulary import Topic
from bot.text.log_words import EVERYWHERE, services_named

_MOCK = re.compile(r"\b(?:mock|fake|låtsas)\w*|\bmock-?läge\w*")
_MODE = re.compile(
    r"\b(?:modes?|lägen?|läget|batching|serial_bundles?|per_request|batch_api|bundled?|bundling)\b"
)
_MODEL = re.compile(r"\b(?:models?|modell(?:en|er|erna)?|haiku|sonnet|opus|gpt\S*|claude)\b")
_PROVIDER = re.compile(r"\b(?:which|what|vilken|vilka) (?:providers?|leverantör(?:er)?)\b")
_TIME_OUT = re.compile(r"\btime[ds]?[ -]?outs?\b|\btiming out\b")
_CHANGED = re.compile(
    r"\b(?:chang\w+|ändra\w*|ändring\w*|bytt?e?s?|byttes|switch\w*|deploy\w*|driftsatt\w*|releas\w*"
    r"|upgrad\w*|uppgrader\w*|restart\w*|start\w+ om|omstart\w*|migrat\w*|migrer\w*"
    r"|rolled|rollback|version\w*|configur\w*|config|konfig\w*|settings?|inställning\w*)\b"
)
_COST = re.compile(
    r"\b(?:costs?|costed|spen[dt]\w*|price|expensive|dollars?|tokens?|kosta\w*|kostnad\w*|pris\w*"
    r"|dyrt?|budget)\b"
)
_PACE = re.compile(
    r"\b(?:slowest|fastest|quickest|långsammast\w*|segast\w*|snabbast\w*|how (?:fast|slow|quick)\w*"
    r"|slower|faster|latenc\w+|answer times?|response times?"
    r"|svarstid\w*|långsam\w*|hur (?:snabb|långsam)\w*|throughput)\b"
)
_LIMITS = re.compile(
    r"\b(?:rate.?limit\w*|throttl\w+|overload\w*|överbelasta\w*|quota|kvot\w*|api.?keys?"
    r"|api.?nyckel\w*|hastighetsgräns\w*)\b"
)
_HOW_MANY = re.compile(r"\b(?:how many|hur många)\b")
# What trends count beside batches.
COMPARISONS = re.compile(r"\b(?:comparisons?|pairs?|jämförelser(?:na)?|par(?:en)?)\b")
IS_UP = re.compile(r"\b(?:up|down|alive|reachable|uppe|nere|lever)\b")
# What is searched for of a server, and in which service's lines: the name in the tracebacks of its
# library, where its own name stands in every second line.
SERVERS = {
    "redis": ("all", "redis.exceptions"),
    "kafka": ("all", "aiokafka"),
    "database": ("cj", "sqlalchemy"),
    "databasen": ("cj", "sqlalchemy"),
    "databas": ("cj", "sqlalchemy"),
    "db": ("cj", "sqlalchemy"),
    "postgres": ("cj", "sqlalchemy"),
    "postgresql": ("cj", "sqlalchemy"),
}
# Of what is past the lines tell; whether a server is up now no line says.
_PAST = re.compile(
    r"\b(?:was|were|did|had|has|have|been|went|tappa[dt]e?|förlora[dt]e?|försvann|var|blev|gick|hade|har|fick|hände|happened|lost"
    r"|wrong|permissions?|denied|rights|rättighet\w*|behörighet\w*|något|problems?|errors?|trouble|fel|strul\w*|issues?|crash\w*)\b"
)
LLM = "llm_provider"
_WORKS_ON = re.compile(
    r"\b(?:doing|working on|busy|gör|jobbar med|håller på)\b.*\b(?:provider\w*|worker\w*|llm)\b"
    r"|\b(?:provider\w*|worker\w*|llm)\b.*\b(?:doing|working on|busy|jobbar med|håller på)\b"
)
_SET = re.compile(
    r"\b(?:set|sets|satte?|sätter|sätta|lower\w*|rais\w*|shorten\w*|zero|noll|value|värde|how long"
    r"|hur långt?|what(?: is|'s))\b"
)
# What lies in the queue, and nobody works on it.
_HELD = re.compile(
    r"\b(?:orphan\w*|föräldralös\w*|(?:nobody|no one|no worker|ingen)\b.*\b(?:works?|working|holds?"
    r"|picks?|takes?|jobbar|arbetar|håller|tar))\b|\bhead of (?:the )?line\b"
)


def of_a_matter(
    asked: PlainQuestion, services: Iterable[Service], local: datetime
) -> Reading | None:
    """Return the command that shows what a question without ids is about; None for no matter."""
    fold = asked.text.casefold()
    is_of_a_time = asked.time.is_said and _COST.search(fold)
    if not (asks(fold) or asked.codes or _TIME_OUT.search(fold) or is_of_a_time):
        return None
    if asked.time.is_odd or asked.time.is_moment:
        return None
    window = asked.time.window(local)
    line = (
        _of_the_batches(asked, window)
        or _of_the_logs(asked, window, tuple(services))
        or _of_what_happened(asked, window, local)
    )
    return Reading(line) if line else None


def trends(window: str) -> str:
    """Return the command for how batches did in a time, in the last week where none is said."""
    return f"/batch trends {window or '--since 7d'}"


def _of_the_batches(asked: PlainQuestion, window: str) -> str:
    """Return the command for what batches ran with: the mock, a model, a mode, a provider."""
    fold = asked.text.casefold()
    if asked.codes and names_several(fold):
        return ""
    if _CHANGED.search(fold):
        return ""
    if _HELD.search(fold) or _WORKS_ON.search(fold):
        return "/queue"
    if _MOCK.search(fold) and not names_several(fold):
        return "/queue"
    by = next(
        (way for way, shape in (("model", _MODEL), ("mode", _MODE), ("provider", _PROVIDER))
         if shape.search(fold)), "",
    )  # fmt: skip
    # `is claude up` asks for no batches.
    return f"{trends(window)} --by {by}" if by and not IS_UP.search(fold) else ""


def _of_the_logs(asked: PlainQuestion, window: str, services: tuple[Service, ...]) -> str:
    """Return the search for a code, a time-out or what a server did."""
    fold = asked.text.casefold()
    if names_several(fold):
        return ""
    since = f" {window}" if window else ""
    if len(asked.codes) > 1:
        return trends(window)
    if asked.codes and services_named(LLM, services):
        return f"/logs {LLM} {asked.codes[0]}{since}"
    if _TIME_OUT.search(fold) and _SET.search(fold):
        return ""
    if _TIME_OUT.search(fold):
        return f"/logs {asked.service or EVERYWHERE} timeout{since}"
    named = server_asked(asked, window)
    if named is None:
        return ""
    service, text = named
    if service != "all" and services_named(service, services) is None:
        service = "all"
    return f"/logs {service} {text} --level error{since}"


def server_asked(asked: PlainQuestion, window: str = "") -> tuple[str, str] | None:
    """Return where and what to search for of the server whose past a question is about."""
    fold = asked.text.casefold()
    words = [word.casefold() for word in asked.words]
    named = next((SERVERS[word] for word in words if word in SERVERS), None)
    is_past = (window or _PAST.search(fold)) and not asked.time.is_moment
    return named if is_past and not asked.about(Topic.OTHER) else None


def _of_what_happened(asked: PlainQuestion, window: str, local: datetime) -> str:
    """Return the command for what changed, what it cost, or how fast and how well it went."""
    fold = asked.text.casefold()
    if _CHANGED.search(fold) or _TIME_OUT.search(fold):
        return changes_line(asked, local)
    told = _COST.search(fold) or _PACE.search(fold) or _LIMITS.search(fold)
    if told or (_HOW_MANY.search(fold) and (names_several(fold) or COMPARISONS.search(fold))):
        return trends(window)
    return ""
