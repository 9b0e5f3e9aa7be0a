"""What software is known to write word for word is shown, and of what it was given nothing."""

import re
from pathlib import Path

import pytest

from bot.border.known_texts import LEAST_OF_SERVICES, marked
from bot.border.language.tokens import tokens_of
from bot.border.language.vocabulary import everyday, known_texts
from bot.border.passing import Passed, let_out
from tests.attack.harvest import known_of
from tests.attack.templates import templates

# `foreign_lines.txt` holds a line and behind a tab what an operator must read of it: lines of real
# logs, some of old versions and of software whose sources were never read. `people.txt` holds
# sentences of pupils in English and Swedish, of judges of essays and of operators, one a line.
DATA = Path(__file__).parents[2] / "attack" / "data"
FOREIGN = [
    line.split("\t") for line in (DATA / "foreign_lines.txt").read_text("utf-8").splitlines()
]
PEOPLE = (DATA / "people.txt").read_text("utf-8").splitlines()
MOST_CAUSES_LOST = 22
# So many words of a sentence in a row tell what it says.
TELLING = 3
_WORD = re.compile(r"[^\W\d_]+")


@pytest.mark.parametrize(
    "text",
    [
        "Compiled cache size pruning from 750 items to 500. Increase cache size to reduce the "
        "frequency of pruning.",
        "If you encounter this error, make sure that you haven't upgraded pydantic-core manually.",
        "Bind for 0.0.0.0:9093 failed: port is already allocated",
        "Health check failed, due to exception",
        "Failed to close multipart part 2: RuntimeError",
        "0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: "
        "3 No preemption victims found for incoming pod.",
        "Metrics already registered: Duplicated timeseries in CollectorRegistry",
        "Task exception was never retrieved",
        "canceling statement due to statement timeout",
        "deadlock detected",
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to"
        " disk.",
        "remaining connection slots are reserved for roles with the SUPERUSER attribute",
        "x509: certificate signed by unknown authority",
        "Back-off restarting failed container",
        "cannot use Connection.transaction() in a manually started transaction",
        "The asyncio extension requires an async driver to be used.",
        "no live upstreams while connecting to upstream",
        "toomanyrequests: You have reached your pull rate limit",
        "JSONDecodeError: Expecting value: line 1 column 1",
        "container exited on signal 11 (core dumped)",
        "health check failed: OCI runtime exec failed",
        "slow query: 8123 ms",
        "DNS resolution for redis failed: SERVFAIL",
        "nf_conntrack: table full",
        "java.lang.OutOfMemoryError: Java heap space",
    ],
)
def test_what_software_writes_word_for_word_is_shown(text: str) -> None:
    assert let_out(text, 1_000) == Passed(text)
    assert text in let_out(f"2026-02-10 08:36:51 [error    ] {text} [cj.app]", 1_000).text


def test_what_a_text_says_behind_a_quoted_name_is_shown() -> None:
    said = 'PANIC: could not write to file "{}": No space left on device'
    assert let_out(said.format("pg_wal/7/Lova")).text == said.format("…")
    assert "hem" not in let_out('failed for "Lova": sprang hem').text


def test_what_pydantic_says_of_a_value_is_shown_without_the_value() -> None:
    said = "Input should be greater than or equal to 1 [type=greater_than_equal, input_value="
    shown = let_out(f"{said}'Lova', input_type=str]", 1_000).text
    assert shown.startswith(said)
    assert "Lova" not in shown


@pytest.mark.parametrize(
    "data", ["my mother is dead", "Lova sprang hem", "hunter2", "i have no family and no friends"]
)
def test_what_fills_a_known_text_is_judged(data: str) -> None:
    for text in (
        f"Failed to close multipart part {data}: RuntimeError",
        f"Bind for {data} failed: port is already allocated",
        f"Compiled cache size pruning from {data} items to 500. Increase cache size",
        f"port is already allocated {data}",
        f"{data} port is already allocated",
        f"Task exception was never retrieved, {data}",
    ):
        shown = let_out(text, 1_000).text
        assert not {"mother", "Lova", "sprang", "hunter2", "family", "friends"} & set(shown.split())


def test_a_text_of_everyday_words_is_known_only_where_no_other_word_stands_beside_it() -> None:
    everybodys = next(
        text
        for text in known_texts().decode().splitlines()
        if everyday().issuperset(words := text.split()) and len(words) == 4
    )
    assert any(token.known for token in marked(tokens_of(f"12 {everybodys}: 3")))
    assert not any(token.known for token in marked(tokens_of(f"12 {everybodys} mother")))
    assert not any(token.known for token in marked(tokens_of(f"mother {everybodys}")))


def test_a_known_text_of_services_words_is_found_within_other_words() -> None:
    rare = next(
        text
        for text in known_texts().decode().splitlines()
        if all(map(str.isalpha, words := text.split()))
        and len(set(words) - everyday()) >= LEAST_OF_SERVICES
    )
    found = marked(tokens_of(f"mother {rare} mother"))
    assert [token.text for token in found if token.known] == rare.split()


def test_known_texts_are_sorted_and_hold_tokens_as_they_are_looked_for() -> None:
    texts = known_texts().decode().splitlines()
    assert texts == sorted(set(texts))
    assert not [text for text in texts if text != text.lower() or "  " in text]


PYTHON = """
log.info("Lost the lease of %d shards, %s rebalances", n, why)
raise ValueError(f"The shard {name} was " "dropped by its owner")
label = "no message of a log or an error"
"""
GO = """
return errors.Wrapf(err, "failed to drain %s within " + grace + " of its eviction", pod)
"""


@pytest.mark.parametrize(
    ("name", "source", "known"),
    [
        (
            "a.py",
            PYTHON,
            {
                "lost the lease of # shards ,",
                "lost the lease of # shards , # rebalances",
                "was dropped by its owner",
                "the shard # was dropped by its owner",
            },
        ),
        (
            "a.go",
            GO,
            {"failed to drain", "of its eviction", "failed to drain # within # of its eviction"},
        ),
        (
            "a.erl",
            """?LOG_ERROR("The vhost ~ts lost its quorum~n" "of ~b voting replicas", [V, N])""",
            {"lost its quorum", "the vhost # lost its quorum", "of # voting replicas"},
        ),
        ("a.strings", "could not fork the walwriter", {"could not fork the walwriter"}),
    ],
)
def test_templates_are_read_out_of_sources(
    tmp_path: Path, name: str, source: str, known: set[str]
) -> None:
    path = tmp_path / name
    path.write_text(source, encoding="utf-8")
    found = {text for template in templates(path) for text in known_of(template)}
    assert {text.rstrip(" ,:") for text in found} == {text.rstrip(" ,:") for text in known}


def test_of_foreign_lines_few_lose_their_cause() -> None:
    lost = [cause for line, cause in FOREIGN if cause not in let_out(line, 2_000).text]
    assert len(FOREIGN) >= 150
    assert len(lost) <= MOST_CAUSES_LOST, lost


@pytest.mark.parametrize("line", PEOPLE)
def test_of_what_people_write_no_words_in_a_row_are_shown(line: str) -> None:
    words = _WORD.findall(line)
    shown = " ".join(_WORD.findall(let_out(line, 2_000).text.replace("…", " x_ ")))
    size = min(TELLING, len(words))
    runs = [" ".join(words[at : at + size]) for at in range(len(words) - size + 1)]
    assert not [run for run in runs if f" {run} " in f" {shown} "]
