"""Reads out of sources what software writes, for `known_texts.txt` and `known_runs.bin`.

`python -m tests.attack.harvest FOLDER…` writes both anew: the texts word for word, and a checksum
of each three words in a row of any template. It reads log calls, errors that are
raised and warnings (Python by its syntax; Go, Java, Scala and C by their calls; a file `.strings`
line by line, such as `strings` makes of a binary), and keeps of each template the runs between
what is filled in. Left out are templates that the border shows of itself, runs of three words that
everybody says, and sources of tests. By hand were read `data/sentences.txt` (errors of Linux, of
HTTP, of providers, and the services' own) and `data/messages.strings` (Kubernetes, the kernel).

Read were the services of HuleEdu (services, libs, scripts), CPython 3.11 (its library on networks,
processes and texts, and the strings of libpython), PostgreSQL 18 and librdkafka 2 (strings), Redis
7.2.6, Kafka 3.9 (server and clients), Docker (moby, with containerd, runc and gRPC), messages of
Kubernetes and of the kernel on memory and disks, and of Python: aiohttp, aiokafka, alembic,
anthropic, anyio, apscheduler, asyncpg, botocore, confluent-kafka, dishka, docker, flask,
google-genai, grpcio, gunicorn, h11, h2, httpcore, httpx, hypercorn, jinja2, kafka-python,
multidict, openai, opentelemetry, prometheus-client, psycopg2, pydantic, pyjwt, quart, redis,
requests, sentry-sdk, slack-sdk, sqlalchemy, starlette, structlog, tenacity, tiktoken, urllib3,
uvicorn, websockets, werkzeug, wsproto, yarl.
"""

import ast
import re
import sys
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.border.known_texts import LEAST_WORDS, MOST_TOKENS, as_known, is_said
from bot.border.language.known_runs import checksum, orders_of, runs_of
from bot.border.language.tokens import Token, tokens_of
from bot.border.language.vocabulary import ANY, everyday
from bot.border.passing import let_out

# What is filled in: a number has a shape, anything else is judged where it stands.
ANYTHING, NUMBER = "\ue010", "0"
LANGUAGE = Path(__file__).parents[2] / "bot" / "border" / "language"
OUT, RUNS = LANGUAGE / "known_texts.txt", LANGUAGE / "known_runs.bin"
DATA = Path(__file__).parent / "data"
BY_HAND, MESSAGES = DATA / "sentences.txt", DATA / "messages.strings"
_FILLED = re.compile(
    r"%%|%\((?:\w+)\)[#0+-]*\d*(?:\.\d+)?[a-zA-Z]"
    r"|%[#0+-]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j|t|L|q)?[diuoxXeEfgGcrsavwTtqpUbm]"
    r"|\$?\{[^{}]*\}|\$[A-Za-z_]\w*"
)
_NUMBERS = "diuoxXeEfgG"
_LOGS = frozenset(
    ["debug", "info", "warning", "warn", "error", "exception", "critical", "fatal", "log", "msg"]
)
_CALLS = re.compile(
    r"\b(?:log|logger|LOG|LOGGER|logrus|klog|slog|G\(ctx\)|log\.G\(ctx\))?\.?"
    r"(?:debug|info|warn|warning|error|fatal|trace|panic|Debugf?|Infof?|Warnf?|Warningf?|Errorf?"
    r"|Fatalf?|Panicf?|Tracef?|New|Wrapf?|WithMessagef?|NotFound|InvalidParameter|Conflict|System"
    r"|Forbidden|Unavailable|Unauthorized|[A-Z]\w*(?:Exception|Error)|serverLog|serverLogRaw"
    r"|serverPanic|addReplyError\w*|sentinelEvent|fprintf|rd_kafka_log|rd_rkb_log|rd_rkb_dbg"
    r"|setDeferredReply\w*|sdscatprintf|Event|Eventf|Infow|InfoS|ErrorS|Errorw|StatusMessage"
    r"|reason)\("
)
_LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
_TESTS = re.compile(
    r"(^|[/_])tests?([/_.]|$)|/testing/|Test\.|\.pb\.go|/(?:migrations|versions|prompts)/"
)
MOST_CHARS = 1_000
_ESCAPES = {"n": "\n", "t": " ", "r": " "}
_JOINED = re.compile(r"[\s+]*")


def templates(path: Path) -> Iterator[str]:
    """Yield what a file of sources may write, with marks where something is filled in."""
    if path.suffix == ".py":
        yield from _of_python(path)
    elif path.suffix in (".go", ".java", ".scala", ".c", ".h"):
        yield from _of_calls(path.read_text(encoding="utf-8", errors="replace"))
    elif path.suffix == ".strings":
        yield from map(_marked, path.read_text(encoding="utf-8", errors="replace").split("\n"))


def _of_python(path: Path) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        given: list[ast.expr] = []
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            given = [*node.exc.args, *(word.value for word in node.exc.keywords)]
        elif isinstance(node, ast.Call) and _writes(node.func):
            given = [*node.args, *(word.value for word in node.keywords if word.arg == "event")]
        for one in given:
            text = _text_of(one)
            if text is not None:
                yield text


def _writes(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in _LOGS or name.endswith(("Error", "Exception", "Warning"))


def _text_of(node: ast.expr) -> str | None:
    """Return the template that an expression is, or None where it is no text."""
    match node:
        case ast.Constant(value=str() as text):
            return _marked(text)
        case ast.JoinedStr(values=parts):
            return "".join(_text_of(part) or ANYTHING for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = _text_of(left), _text_of(right)
            return None if sides == (None, None) else "".join(s or ANYTHING for s in sides)
        case ast.BinOp(left=left, op=ast.Mod()):
            return _text_of(left)
        case ast.Call(func=ast.Attribute(value=text, attr="format")):
            return _text_of(text)
    return None


def _of_calls(text: str) -> Iterator[str]:
    for call in _CALLS.finditer(text):
        end = _closing(text, call.end())
        joined, last = "", call.end()
        for literal in _LITERAL.finditer(text, call.end(), end):
            between = text[last : literal.start()]
            if last != call.end() and not _JOINED.fullmatch(between):
                # An argument that follows is no part of the text; one that is added to it is.
                if "," in between and "+" not in between:
                    yield _marked(joined)
                    joined = ""
                else:
                    joined += ANYTHING
            joined += re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), literal[1])
            last = literal.end()
        yield _marked(joined)


def _closing(text: str, start: int, most: int = 1_500) -> int:
    depth = 1
    for at in range(start, min(len(text), start + most)):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0:
            return at
    return min(len(text), start + most)


def _marked(text: str) -> str:
    return _FILLED.sub(_mark, text)


def _mark(match: re.Match[str]) -> str:
    if match.group() == "%%":
        return "%"
    is_number = match.group()[0] == "%" and match.group()[-1] in _NUMBERS
    return NUMBER if is_number else ANYTHING


def known_of(template: str) -> Iterator[str]:
    """Yield the runs of a template that stand between what is filled in, as they are kept."""
    for line in template.split("\n"):
        run: list[Token] = []
        for token in (*tokens_of(line), Token("other", ANYTHING)):
            if token.text == ANYTHING:
                yield from _kept(run)
                run = []
            else:
                run.append(token)
        if ANYTHING in line and len(line) < 400:
            yield from _kept(tokens_of(line.replace(ANYTHING, NUMBER)))


def _kept(run: list[Token]) -> Iterator[str]:
    run = [token for token in run if is_said(token)]
    while run and (run[0].kind != "word" or as_known(run[0]) == ANY):
        run = run[1:]
    while run and (run[-1].kind != "word" or as_known(run[-1]) == ANY):
        run = run[:-1]
    words = [token.text for token in run if token.kind == "word" and as_known(token) != ANY]
    letters = sum(any(map(str.isalpha, word)) for word in words)
    if LEAST_WORDS <= letters == len(words) and len(run) <= MOST_TOKENS:
        yield " ".join(map(as_known, run))


def _tells(text: str) -> bool:
    """Say whether a text is more than three words that everybody says."""
    words = text.split(" ")
    return len(words) > LEAST_WORDS or not everyday().issuperset(words)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*") if folder.is_dir() else [folder]:
        if path.is_file() and not _TESTS.search(str(path)):
            yield path


def _is_hidden(template: str) -> bool:
    """Say whether the border, knowing no text, hides some of a template's own."""
    shown = " ".join(template.replace(ANYTHING, NUMBER).split())
    if shown.count(" ") < LEAST_WORDS - 1 or len(shown) > MOST_CHARS:
        return False
    return let_out(shown, MOST_CHARS).text != shown


def runs_of_templates(found: Iterable[str]) -> "array[int]":
    """Return the checksums of each three words in a row of templates, in order."""
    sums: set[int] = set()
    for template in found:
        for line in template.replace(ANYTHING, NUMBER).split("\n"):
            for order in orders_of(tokens_of(line)):
                sums.update(map(checksum, runs_of(order)))
    return array("I", sorted(sums))


def _by_hand() -> str:
    return BY_HAND.read_text(encoding="utf-8").replace(ANY, NUMBER)


def main(folders: list[str]) -> int:
    """Write the known texts of the files below `folders` that the border would not show."""
    # What is known already would be shown, and so left out.
    OUT.write_text("\n", encoding="utf-8")
    written: dict[str, None] = {}
    for path in (MESSAGES, *sorted(one for folder in folders for one in _files(Path(folder)))):
        written.update(dict.fromkeys(templates(path)))
    sys.stderr.write(f"{len(written)} templates\n")
    RUNS.write_bytes(runs_of_templates([*written, _by_hand()]).tobytes())
    found = {text for one in written if _is_hidden(one) for text in known_of(one) if _tells(text)}
    for line in _by_hand().split("\n"):
        found.update(known_of(line))
    OUT.write_text("".join(f"{text}\n" for text in sorted(found)), encoding="utf-8")
    sys.stderr.write(f"{len(found)} known texts\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
