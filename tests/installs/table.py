"""One line of the table: a condition, what a user saw, and what was wrong with it."""

import builtins
import re
import socket
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import aiohttp
import aiokafka.errors
import asyncpg.exceptions
import docker.errors
import redis.exceptions
import requests.exceptions
import urllib3.exceptions

SECRET = "s3cr3t"
# What the drivers call their errors; a name that a service's own log has as well is left out.
CLASSES = {
    name
    for module in (
        builtins, aiohttp, aiokafka.errors, asyncpg.exceptions, docker.errors, redis.exceptions,
        requests.exceptions, urllib3.exceptions, socket, ssl,
    )
    for name, one in vars(module).items()
    if isinstance(one, type) and issubclass(one, BaseException) and len(name) > 8
} - {"RateLimitError"}  # fmt: skip
# What may never be seen, whatever the condition.
NEVER = (
    rf"\b(?:{'|'.join(sorted(CLASSES))})\b",
    r"Traceback \(most recent",
    r"Something broke",
    r"(?i)please report",
    r"gaierror",
    r"codec can't",
    SECRET,
    r"<html|<!DOCTYPE",
    r"(?i)verification off|ssl_cert_reqs=none",
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a command printed, and its exit code."""

    text: str
    code: int


@dataclass(frozen=True, slots=True)
class Row:
    """A condition and what was seen under it; `wrong` names each thing that is not as it must."""

    id: str
    condition: str
    seen: str
    wrong: tuple[str, ...] = field(default=())


def row(
    id: str,
    condition: str,
    seen: Seen | Sequence[Seen],
    *,
    must: Iterable[str] = (),
    must_not: Iterable[str] = (),
    codes: Iterable[int] = (),
    about: str = "",
) -> Row:
    """Judge what was seen: each pattern of `must` in all of it, none of `must_not`, these codes.

    `about` chooses the lines that are shown in the table.
    """
    each = [seen] if isinstance(seen, Seen) else list(seen)
    text = "\n".join(one.text for one in each)
    wrong = [f"lacks /{one}/" for one in must if not re.search(one, text)]
    wrong += [
        f"has {found.group()!r}" for one in (*NEVER, *must_not) if (found := re.search(one, text))
    ]
    expected, given = list(codes), [one.code for one in each]
    if expected and expected != given:
        wrong.append(f"exit codes {given}, not {expected}")
    lines = [line.strip() for line in text.splitlines() if not about or re.search(about, line)]
    return Row(id, condition, " / ".join(lines) or text.strip(), tuple(wrong))


def printed(rows: Iterable[Row], *, whole: bool = False) -> str:
    """Return the table as text, a condition a line."""
    out = []
    for one in rows:
        mark = "right" if not one.wrong else "WRONG"
        seen = one.seen if whole or one.wrong else one.seen[:240]
        out.append(f"{one.id:7} {mark}  {one.condition}\n          {seen}")
        out += [f"          wrong: {problem}" for problem in one.wrong]
    return "\n".join(out)
