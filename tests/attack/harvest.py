"""Reads out of sources what software writes, for `known_texts.txt` and `known_runs.bin`.

`python -m tests.attack.harvest FOLDER…` adds the texts that stand there word for word, and with
`--anew` writes both files from nothing, with a checksum of each three words in a row of any
template (those of what was added later are left out: they would show more of what people write
than of what software does). Of each template the runs between what is filled in are kept, and none
of those whose words people write so, three by three, in the texts given with `--prose`, or that a
judge of essays may write. Left out are tests, manuals and descriptions of settings. By hand were
read `data/sentences.txt` (errors of Linux, of HTTP, of providers, and the services' own) and
`data/messages.strings` (Kubernetes, the kernel).

Read were the services of HuleEdu (services, libs, scripts), CPython 3.11 (its library on networks,
processes and texts, and the strings of libpython), PostgreSQL 18 and librdkafka 2 (strings), Redis
7.2.6, Kafka 3.9 (server and clients), Docker (moby, with containerd, runc and gRPC), messages of
Kubernetes and of the kernel on memory and disks, and of Python: aiohttp, aiokafka, alembic,
anthropic, anyio, apscheduler, asyncpg, botocore, confluent-kafka, dishka, docker, flask,
google-genai, grpcio, gunicorn, h11, h2, httpcore, httpx, hypercorn, jinja2, kafka-python,
multidict, openai, opentelemetry, prometheus-client, psycopg2, pydantic, pyjwt, quart, redis,
requests, sentry-sdk, slack-sdk, sqlalchemy, starlette, structlog, tenacity, tiktoken, urllib3,
uvicorn, websockets, werkzeug, wsproto, yarl.

Added were, with the prose of Debian's packages anarchism 15.3 and fortunes 1.99: of Debian 12 the
sources of postgresql-15 (src/backend, src/interfaces/libpq, src/common, src/pl; its catalogues),
systemd 252 (src/core, src/shared, src/basic, src/lib*, and its daemons), kubernetes 1.20 (kubelet,
scheduler, controllers, proxy, client-go, apiserver), linux 6.1 (mm, kernel, block, fs: ext4, xfs,
btrfs, jbd2, nfs, overlayfs, fuse; net: core, ipv4, ipv6, netfilter, bridge; scsi, nvme, md, ata),
openssl 3.0 (its tables of errors), glibc 2.36 (po/libc.pot, elf/dl-*, nscd); the whole of redis
4f8cdc2a1, nginx 3f6f7824d, haproxy 50872daa6, containerd 301026e58, moby b985e2313a, runc
76d9cf5da, compose f72979427, etcd c34dc7ee0, coredns 4b26cced3, grpc-go 4793ad047, prometheus
d15adb9ad7, loki 65e30f8488, traefik fd5a576df2, pgbouncer 13a344f2, librdkafka 4c3b017c3 and kafka
1eb7644349c; CPython's library; of Python, beside those above, celery, kombu, billiard, numpy,
kubernetes and fastapi; and the whole of rabbitmq-server 5b09e556da, patroni a4a6dc02, supervisor
abc60468, spring-framework 91eb42645e2, spring-boot c329ffa25dc and chrony 8f2db83.
"""

import sys
from argparse import ArgumentParser, Namespace
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from re import compile as pattern

from bot.border.known_texts import LEAST_WORDS, MOST_TOKENS, as_known, is_said
from bot.border.language.known_runs import checksum, orders_of, runs_of
from bot.border.language.tokens import Token, tokens_of
from bot.border.language.vocabulary import ANY, everyday
from bot.border.passing import let_out
from bot.border.words import finds_of_a_text
from tests.attack.templates import ANYTHING, CALLED, NUMBER, templates

LANGUAGE = Path(__file__).parents[2] / "bot" / "border" / "language"
OUT, RUNS = LANGUAGE / "known_texts.txt", LANGUAGE / "known_runs.bin"
DATA = Path(__file__).parent / "data"
BY_HAND, MESSAGES = DATA / "sentences.txt", DATA / "messages.strings"
KINDS = (".py", ".pot", ".po", ".strings", *CALLED)
# What is no message of a program that runs: tests, manuals, settings, what is generated.
_NOT_READ = pattern(
    r"(^|[/_.-])(tests?|testing|testdata|examples?|mocks?|fake|docs?|vendor|third_party|hack|site"
    r"|man|fuzz\w*|bench\w*|e2e|webui|ui|generated|openapi|jmh\w*|locale|translations)([/_.-]|$)"
    r"|Test\.|\.pb\.go|_generated|zz_|swagger|/(?:migrations|versions|prompts)/|ConfigDef|Configs?\."
)
MOST_CHARS, MOST_BYTES = 1_000, 1_500_000


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
    """Say whether a text is more than three words that everybody says, and no judge's."""
    words = text.split(" ")
    return not finds_of_a_text(words) and (
        len(words) > LEAST_WORDS or not everyday().issuperset(words)
    )


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*") if folder.is_dir() else [folder]):
        is_read = path.suffix in KINDS and not _NOT_READ.search(str(path.relative_to(folder)))
        if is_read and path.is_file() and path.stat().st_size < MOST_BYTES:
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


def _prose(paths: Iterable[Path]) -> set[int]:
    """Return the checksums of each three words in a row that people write."""
    return {
        checksum(run)
        for path in paths
        for run in runs_of(_words(path.read_text(encoding="utf-8", errors="replace")))
    }


def _words(text: str) -> list[str]:
    return [word.strip('.,;:!?()*_"').lower() for word in text.split()]


def _is_prose(text: str, prose: set[int]) -> bool:
    """Say whether people write each three words in a row of a text, too."""
    return all(checksum(run) in prose for run in runs_of(text.split(" ")))


def main(given: Namespace) -> int:
    """Write the known texts of the files below folders that the border would not show."""
    have = set[str]() if given.anew else set(OUT.read_text(encoding="utf-8").split("\n")) - {""}
    if given.anew:
        # What is known already would be shown, and so left out.
        OUT.write_text("\n", encoding="utf-8")
    written: dict[str, None] = {}
    for path in (MESSAGES, *(one for folder in given.folders for one in _files(folder))):
        written.update(dict.fromkeys(templates(path)))
    sys.stderr.write(f"{len(written)} templates\n")
    prose = _prose(given.prose)
    found = {text for one in written if _is_hidden(one) for text in known_of(one) if _tells(text)}
    found = {text for text in found if not _is_prose(text, prose)}
    for line in _by_hand().split("\n"):
        found.update(known_of(line))
    OUT.write_text("".join(f"{text}\n" for text in sorted(have | found)), encoding="utf-8")
    runs = array("I")
    if not given.anew:
        runs.frombytes(RUNS.read_bytes())
    more = runs_of_templates([*(written if given.anew else ()), _by_hand()])
    RUNS.write_bytes(array("I", sorted({*runs, *more})).tobytes())
    sys.stderr.write(f"{len(found - have)} more known texts\n")
    return 0


if __name__ == "__main__":
    asked = ArgumentParser(description=__doc__)
    asked.add_argument("--anew", action="store_true", help="forget what was read before")
    asked.add_argument("--prose", type=Path, action="append", default=[], help="what people write")
    asked.add_argument("folders", type=Path, nargs="*")
    raise SystemExit(main(asked.parse_args()))
