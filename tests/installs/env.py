"""The .env file as people write it, and mutations of it: no secret shown, every line printed."""

import asyncio
import contextlib
import io
import logging
import re
import string
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from functools import cache
from pathlib import Path
from random import Random
from unittest.mock import patch

from dotenv import dotenv_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_settings.sources import providers

from bot.cli.doctor import examination
from bot.cli.doctor.examination import examine_settings
from bot.cli.doctor.examined import show
from bot.cli.output import error_lines
from bot.cli.setting_check import DETECTOR, Doubt, bad_detectors
from bot.domain.evidence import Missing
from bot.service.sources import build_sources
from bot.settings import env_file, readable_settings
from bot.settings.load import refused
from tests.installs.table import NEVER, SECRET, Row, Seen, row
from tests.installs.user import doctor, installed

TOKEN = f"xoxb-1-{SECRET}"
URL = f"postgresql://u:{SECRET}@127.0.0.1:1/d"
WHOLE = f"""SLACK_BOT_TOKEN={TOKEN}
SLACK_APP_TOKEN=xapp-1-{SECRET}
SLACK_ALERT_CHANNEL=alerts
CJ_DATABASE_URL={URL}
BOT_DATABASE_URL=postgresql+asyncpg://u:{SECRET}@127.0.0.1:1/b?ssl=disable
LLM_QUEUE_REDIS_URL=redis://u:{SECRET}@127.0.0.1:1/0
LOKI_URL=http://127.0.0.1:1
DETECTOR_BATCH_IDLE_AFTER_SECONDS=900
LOKI_TOKEN={SECRET}
DOCKER_HOST=tcp://127.0.0.1:1
SERVICES=[{{"name": "cj", "container": "*cj*", "role": "cj"}}]
TICK_SECONDS=15
"""
# What is asked of all servers, none of which is there; another address is not to be reached.
ASKED = (
    WHOLE + "CJ_URL=http://127.0.0.1:1\nKAFKA_BOOTSTRAP_SERVERS=127.0.0.1:1\n",
    WHOLE + "LOG_SOURCE=loki\nLLM_PROVIDER_URL=http://127.0.0.1:1\nBOT_DATA_DIR=data\n",
)
EXAMINED = (
    "CJ database", "logs", "LLM queue", "callback topic", "service health", "containers",
    "runners", "bot's own database",
)  # fmt: skip
FILES: tuple[tuple[str, str, str | bytes, list[str], int], ...] = (
    ("EV-01", "quotes", f'CJ_DATABASE_URL="{URL}"\nTICK_SECONDS=\'15\'\n', ["nobody listens"], 1),
    ("EV-02", "values slipped to the next line",
     f"SLACK_BOT_TOKEN=\n{TOKEN}\nCJ_DATABASE_URL=\n{URL}\n",
     ["SLACK_BOT_TOKEN is empty; line 2 looks like its value", "line 4 looks like"], 1),
    ("EV-03", "a quote that is not closed", f'SLACK_APP_TOKEN="xapp-1-{SECRET}\nTICK_SECONDS=15\n',
     ["line 1 - broken: the quote is not closed"], 1),
    ("EV-04a", "a byte order mark", b"\xef\xbb\xbfCJ_DATABASE_URL=" + URL.encode(),
     ["nobody listens"], 1),
    ("EV-04b", "UTF-16", f"CJ_DATABASE_URL={URL}\n".encode("utf-16"),
     [r"\.env - broken: it is not UTF-8", "LLM queue"], 1),
    ("EV-05", "carriage returns and blanks",
     f"CJ_DATABASE_URL={URL}  \u00a0\r\nLOG_SOURCE=docker\r\n",
     ["nobody listens"], 1),
    ("EV-06", "a colon", "export TICK_SECONDS=15\nLOG_SOURCE: docker\n",
     ["line 2 - broken: write = instead of :"], 1),
    ("EV-07", "a comment as the value", "LOKI_TOKEN=   # none yet\nTICK_SECONDS=15 # seconds\n",
     ["settings - ok"], 1),
    ("EV-08", "broken JSON", f"SERVICES=[{{name: {SECRET}}}]\nDOCKER_HOSTS=tcp://127.0.0.1:1\n",
     ["SERVICES - broken: no valid JSON", "LLM queue"], 1),
    ("EV-10", "signs that cannot be seen", "TICK_SECONDS=15\u200b\nLOG_SOURCE=\u2060files\u00ad\n",
     ["settings - ok"], 1),
    ("EV-11", "typographic quotes", f"CJ_DATABASE_URL=“{URL}”\nTICK_SECONDS=‘15’\n",
     ["nobody listens"], 1),
    ("EV-12", "a document's dashes in a token", f"SLACK_BOT_TOKEN=xoxb\u20131\u2013{SECRET}\n",
     ["SLACK_BOT_TOKEN - broken: holds .* that no token has"], 1),
    ("EV-13", "a line break in a token",
     f'SLACK_BOT_TOKEN="xoxb-1\n{SECRET}"\nLOKI_TOKEN="a\n{SECRET}"\nLOKI_TENANT="a\nb"\n',
     ["SLACK_BOT_TOKEN - broken: holds", "LOKI_TOKEN - broken: holds", "LOKI_TENANT - broken"], 1),
    ("EV-14", "Latin-1", "BOT_ENVIRONMENT=pröd\n".encode("latin-1"), ["not UTF-8"], 1),
    ("EV-15", "UTF-16 without a mark", f"CJ_DATABASE_URL={URL}\n".encode("utf-16-le"),
     [r"\.env - broken: it is UTF-16"], 1),
    ("EV-16", "a setting twice", "TICK_SECONDS=15\nLOG_LEVEL=INFO\ntick_seconds=20\n",
     ["TICK_SECONDS - warning: set twice, in lines 1 and 3"], 1),
    ("EV-17", "an address with = slipped to the next line",
     f"CJ_DATABASE_URL=\n{URL}?sslmode=disable\n", ["CJ_DATABASE_URL is empty; line 2 looks"], 1),
    ("EV-18", "a secret where its file belongs", f"LOKI_TOKEN_FILE={SECRET}\nCJ_DATABASE_URL_FILE="
     "/nope\n", ["the file of LOKI_TOKEN_FILE cannot", r"CJ_DATABASE_URL_FILE \(/nope\)"], 1),
    ("EV-19", "~ for the own folder", "BOT_DATA_DIR=~/bb-nowhere\n", ["embedded Postgres under /"],
     1),
    ("EV-20", "export, tabs and blanks around =",
     f"\texport  CJ_DATABASE_URL\t=\t{URL}\t\nTICK_SECONDS = 15\n",
     ["nobody listens", "settings - ok"], 1),
    ("EV-21", "${ in a password",
     f"CJ_DATABASE_URL=postgresql://u:a${{b}}{SECRET}@127.0.0.1:1/d\n",
     [r"CJ_DATABASE_URL - warning: holds \$\{", "%24"], 1),
    ("EV-21b", "${NAME} of a line before, and with a default",
     f"TICK_SECONDS=15\nCJ_DATABASE_URL={URL}${{TICK_SECONDS}}${{NONE:-1}}\n",
     ["nobody listens", "settings - ok"], 1),
    ("EV-22", "\\n in double quotes", f'LOKI_TOKEN="a\\n{SECRET}"\n',
     ["LOKI_TOKEN - broken: holds"], 1),
    ("EV-23", "# behind a blank in a password",
     f"CJ_DATABASE_URL=postgresql://u:pa #ss{SECRET}@127.0.0.1:1/d\n", ["cannot be taken apart"],
     1),
    ("EV-24", "a comma behind values", "TICK_SECONDS=15,\nLOG_SOURCE=docker;\n",
     ["TICK_SECONDS - broken", "LOG_SOURCE - broken"], 1),
    ("EV-25", "names in lower case", f"cj_database_url={URL}\n",
     ["nobody listens", "settings - ok"], 1),
    ("EV-26", "a YAML list", f"- CJ_DATABASE_URL={URL}\n", ["line 1 - warning: cannot be read"],
     1),
    ("EV-27", "JSON", f'{{"CJ_DATABASE_URL": "{URL}"}}\n', ["line 1 - warning: cannot be read"],
     1),
    ("EV-28", "set of Windows", f"set CJ_DATABASE_URL={URL}\n",
     ["line 1 - warning: cannot be read"], 1),
    ("EV-29", "carriage returns alone", f"CJ_DATABASE_URL={URL}\rTICK_SECONDS=15\r",
     ["nobody listens"], 1),
    ("EV-30", "quotes around the whole line", f'"CJ_DATABASE_URL={URL}"\n',
     ["line 1 - warning: cannot be read"], 1),
    ("EV-32", "a lost line break behind addresses",
     f"LOKI_URL=http://127.0.0.1:1LOKI_TOKEN={SECRET}\nSLACK_ALERT_CHANNEL=aLOKI_TOKEN={SECRET}\n"
     f"DOCKER_LOG_DIR=/aLOKI_PASSWORD={SECRET}\n",
     ["LOKI_URL - broken: holds the line of another setting", "SLACK_ALERT_CHANNEL - broken: holds",
      "DOCKER_LOG_DIR - broken: holds"], 1),
    ("EV-32b", "a lost line break behind an address with a password",
     f"CJ_DATABASE_URL={URL.replace('127.0.0.1:1/d', 'aLOKI_TOKEN=')}{SECRET}\n"
     f"LLM_QUEUE_REDIS_URL=redis://aLOKI_TOKEN={SECRET}\n",
     ["CJ database - broken: the host name at … is not", "LLM queue - broken: the host name at …"],
     1),
    ("EV-31", "signs of placeholders", "CJ_DATABASE_URL=<your address>\n",
     ["CJ_DATABASE_URL is no address of a PostgreSQL server"], 1),
)  # fmt: skip
# Tried whole and not in the gate: each is a look of the doctor at everything.
NOT_QUICK = (
    "EV-10", "EV-11", "EV-15", "EV-18", "EV-19", "EV-20", "EV-21b", "EV-23", "EV-24", "EV-25",
    "EV-26", "EV-27", "EV-28", "EV-29", "EV-30", "EV-31", "EV-32b",
)  # fmt: skip


async def rows(folder: Path, *, quick: bool) -> AsyncIterator[Row]:
    """Yield the conditions, as a file and as `docker run --env-file` would give them."""
    for id, condition, content, must, code in FILES:
        if quick and id in NOT_QUICK:
            continue
        with installed(folder, {"LOG_FILES_DIR": str(folder)}, content):
            found = await doctor()
        yield row(id, condition, found, must=must, codes=[code],
                  must_not=["codec", "DETECTOR"], about=r"\.env|settings|CJ data")  # fmt: skip
    quoted = {"CJ_DATABASE_URL": f'"{URL}"\r', "TICK_SECONDS": "'15'"}
    with installed(folder, {"LOG_FILES_DIR": str(folder), **quoted}):
        found = await doctor()
    yield row("EV-01b", "quotes by docker run --env-file", found, must=["nobody listens"],
              codes=[1], about="CJ data")  # fmt: skip
    count = 100 if quick else 10_000
    problem = mutated(folder, count)
    yield row("EV-fuzz", f"{count} mutated files and addresses", Seen(problem or "none told", 0),
              must=["none told"])  # fmt: skip
    count = 10 if quick else 200
    untold = await examined(folder, count)
    yield row("EV-doctor", f"doctor as a whole on {count} mutated files",
              Seen(untold or "none told", 0), must=["none told"])  # fmt: skip


_SIGNS = "\n\r =:#@/?&%\"'[]{},\\\0\u00a0\ufeff" + string.ascii_letters + "01"
_NOISE = st.text(alphabet=st.sampled_from(_SIGNS), max_size=6)
# What is wrong with the detectors' settings, for each text of those.
_OF_DETECTORS: dict[tuple[tuple[str, str | None], ...], list[Doubt]] = {}
_CHANGES = st.lists(
    st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), _NOISE), min_size=1, max_size=5
)


def changed(text: str, changes: list[tuple[int, int, str]]) -> str:
    """Return a text with each (place, length) replaced; the secret itself stays whole."""
    for place, length, noise in changes:
        end = min(len(text), place + length)
        if SECRET in text[max(0, place - len(SECRET)) : end + len(SECRET)]:
            end = place
            at = text.find(SECRET, max(0, place - len(SECRET)))
            if at < place < at + len(SECRET):
                place = end = at
        text = text[:place] + noise + text[end:]
    return text


def mutated(folder: Path, count: int) -> str:
    """Return what was wrong with the first mutation that shows a secret or breaks; "" for none."""
    found: list[str] = []
    logging.getLogger("dotenv").setLevel(logging.ERROR)

    @settings(max_examples=count, deadline=None, database=None, derandomize=True,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(_CHANGES)
    def holds(changes: list[tuple[int, int, str]]) -> None:
        with installed(folder, {}, changed(WHOLE, changes)), _read_once():
            text = asyncio.run(_told())
        bad = [one for one in NEVER if re.search(one, text)]
        assert not bad, f"{bad} in {text[:500]}"

    def run() -> None:
        try:
            holds()
        except BaseException as error:
            found.append(f"{type(error).__name__}: {str(error)[:1500]}")

    # hypothesis runs loops of its own, which may not be inside of another.
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0] if found else ""


@contextlib.contextmanager
def _read_once() -> Iterator[None]:
    """Parse the file of settings once in here, and read detectors' settings again if they differ.

    Each of three dozen groups reads the same file by itself, which is most of a look's time.
    """
    parse = cache(dotenv_values)

    def known() -> Iterator[Doubt]:
        found = parse(Path(env_file()), encoding="utf-8-sig")
        own = tuple(sorted(one for one in found.items() if DETECTOR in one[0].upper()))
        if own not in _OF_DETECTORS:
            _OF_DETECTORS[own] = list(bad_detectors())
        yield from _OF_DETECTORS[own]

    readers = patch.object(providers.dotenv, "dotenv_values", parse)
    with readers, patch.object(examination, "bad_detectors", known):
        yield


async def examined(folder: Path, count: int, seed: int = 16) -> str:
    """Return what was wrong with the first file of which doctor does not tell all; "" for none."""
    random = Random(seed)
    logging.getLogger("dotenv").setLevel(logging.ERROR)
    # Slack's own address would be asked, were this not above the file.
    above = {"SLACK_API_URL": "http://127.0.0.1:1/api/"}
    for _ in range(count):
        whole = random.choice(ASKED)
        noise = ("".join(random.choices(_SIGNS, k=random.randrange(7))) for _ in range(5))
        changes = [
            (random.randrange(len(whole)), random.randrange(13), next(noise))
            for _ in range(random.randrange(1, 6))
        ]
        with installed(folder, above, changed(whole, changes)):
            try:
                text = (await doctor()).text
            except Exception as error:
                return f"{type(error).__name__} of {changes}: {error}"
        lacks = [one for one in EXAMINED if f" {one} - " not in text]
        bad = [one for one in NEVER if re.search(one, text)]
        if lacks or bad:
            return f"{changes}: {lacks} lacking, {bad} in {text[:500]}"
    return ""


async def _told() -> str:
    """Return all that doctor and ask say of the settings, without asking any server."""
    out = io.StringIO()
    read, wrong = readable_settings()
    with contextlib.redirect_stdout(out):
        show(examine_settings(wrong))
    async with AsyncExitStack() as stack:
        sources = await build_sources(read, stack)
        for one in (sources.database, sources.queue, sources.logs, sources.probe):
            if isinstance(one, Missing):
                out.write(f"{one.reason} {one.hint}\n")
    if wrong:
        out.write("\n".join(error_lines(refused(wrong))))
    return out.getvalue()
