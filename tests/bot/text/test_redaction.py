import random
import string
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.border.decode import HEAD_CHARS, TAIL_CHARS
from bot.border.keys import KeyKind, kind_of
from bot.border.outside import Outside
from bot.text.redaction import (
    MAX_READ_CHARS,
    clip,
    echoed,
    echoed_id,
    presented,
    redact,
    repeated,
)

TRACED = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"


SHAPED = ("ghp_" + "a1b2c3d4e5f6g7h8", "xoxb-1234-abcdef", JWT)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"header {JWT} refused", "eyJ"),
        ("Authorization: Bearer abc.def-123 rejected", "abc.def-123"),
        ("{'authorization': 'Basic dXNlcjpodW50ZXIy'}", "dXNlcjpodW50ZXIy"),
        ("Set-Cookie: sid=abcd; theme=dark", "abcd"),
        ("posting with xoxb-1234-5678-AbCd failed", "xoxb"),
        ("app token xapp-1-A1-2-deadbeef", "xapp"),
        ("https://hooks.slack.com/services/T0/B0/XYZ", "XYZ"),
        ("Incorrect API key provided: sk-ant-api03-Zm9v_bar", "Zm9v"),
        ("api_key=hunter2", "hunter2"),
        ('{"ANTHROPIC_API_KEY": "a b c"}', "a b c"),
        ("settings.api_key = 'it\\'s secret'", "s secret"),
        ("password: hunter2", "hunter2"),
        ("postgresql+asyncpg://huleedu_user:p@ss/w0rd@cj_db:5432/x refused", "w0rd"),
        ("redis://:hunter2@redis:6379/0", "hunter2"),
        ("host=db password=hunter2 user=x", "hunter2"),
        ("GET /x?token=abc123&y=1", "abc123"),
        ("pupil anna.svensson@skola.example.se wrote", "anna"),
        ("key 0123456789abcdef0123456789abcdef01234567", "0123456789abcdef"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalr"),
        ("[SQL: INSERT INTO t VALUES ('x')]\n[parameters: ('My [dear] essay', 34)]", "essay"),
        ("DETAIL:  Failing row contains (1, My essay).", "My essay"),
        ("[type=string_too_long, input_value='Essay A is', input_type=str]", "Essay A is"),
        ("user_prompt='Compare these two essays'", "Compare"),
        ("justification: because Anna wrote better\nnext", "Anna"),
        ("user_id=teacher-77 denied", "teacher-77"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"),
        ("api_\u200bkey=hunter2", "hunter2"),
        ("\x1b[31mapi_key\x1b[0m=\x1b[35mhunter2\x1b[0m", "hunter2"),
    ],
)
def test_a_planted_secret_never_comes_out(text: str, secret: str) -> None:
    assert secret in text or "\u200b" in text
    assert secret not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        f"Comparison callback missing essay identifiers; correlation={TRACED}",
        'duplicate key value violates unique constraint "grade_projections_pkey"',
        f"Key (els_essay_id, cj_batch_id)=({TRACED}, 34) already exists.",
        "huledu-reboot-eng5_np_runner-run-1f2e3d4c5b6a",
        "serial-bundle-20251119-0018",
        "ENG5 schema missing at /app/docs/reference/schemas/eng5_np/assessment_run.schema.json",
        "prompt_tokens=12548 total_tokens=12993 prompt_length=4",
        "Timed out waiting for CJ assessment results; captured partial data.",
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
        "huleedu.llm_provider.comparison_result.v1",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert redact(text) == text


def test_sql_keeps_its_error_code_and_loses_its_rows() -> None:
    text = "(x) duplicate\n[SQL: INSERT INTO grade]\n[parameters: ('a (Background')]\n"
    shown = redact(text + "(Background on this error at: https://sqlalche.me/e/20/gkpj)")
    assert shown.startswith("(x) duplicate [SQL: INSERT INTO grade] [parameters: …]")
    assert shown.endswith("gkpj)")


def test_terminal_codes_and_line_breaks_become_plain_words() -> None:
    assert (
        redact("time\x1b[1m\x1b]0;title\x07out\r\n\tof\x00 the\u202d queue")
        == "timeout of the queue"
    )


def test_a_cut_is_marked_and_within_the_limit() -> None:
    assert clip("abcdef", 4) == "abc…"
    assert clip("abcd", 4) == "abcd"
    assert redact("ok " * 50_000, 10) == "ok ok ok…"


@pytest.mark.parametrize("written", [redact, presented])
def test_a_secret_across_the_reading_bound_is_dropped_whole(written: Callable[[str], str]) -> None:
    for spare in range(0, 40, 3):
        text = "a " * ((MAX_READ_CHARS - spare) // 2) + "ghp_abcdefghijklmnopqrstuvwxyz"
        assert "ghp" not in written(text + " b" * 9)


@pytest.mark.parametrize("written", [redact, presented])
@pytest.mark.parametrize(
    "after", [" " * 12, "\t\n" * 6, "\x1b[0m" * 3, "\x1b]0;a b c", "\u200b" * 9]
)
def test_no_part_of_a_secret_that_ends_before_the_bound_remains(
    written: Callable[[str], str], after: str
) -> None:
    secret = "ghp_abcdefghijklmnopqrstuvwxyz"
    text = " " * (MAX_READ_CHARS - len(secret) - len(after)) + secret + after
    assert "ghp" not in written(text + " beyond " * 9)


@pytest.mark.parametrize(
    ("written", "bound"),
    # What comes from outside is bounded once more when it is decoded, which can make it longer.
    [(redact, (HEAD_CHARS + TAIL_CHARS) // 2), (presented, MAX_READ_CHARS)],
)
@given(head=st.text(max_size=80), tail=st.text(max_size=80), spare=st.integers(0, 40))
def test_a_text_up_to_the_bound_is_shown_from_its_head_to_its_tail(
    written: Callable[[str, int], str], bound: int, head: str, tail: str, spare: int
) -> None:
    # Far enough apart, so that what stands before and after makes no number or name together.
    near, far = " " * 99, " " * (bound - len(head) - len(tail) - spare)
    assert written(head + far + tail, 1_000) == written(head + near + tail, 1_000)


@given(
    st.sampled_from(["", " ", "\x1b[31m", "\u200b", "\x00", "é "]), st.text(max_size=80), st.text()
)
def test_what_stands_beyond_the_bound_changes_nothing(fill: str, tail: str, beyond: str) -> None:
    head = (fill * MAX_READ_CHARS)[: MAX_READ_CHARS - len(tail)].ljust(MAX_READ_CHARS - len(tail))
    bounded = presented(head + tail + "-", 1_000)
    assert presented(head + tail + "-" + beyond, 1_000) == bounded
    assert presented(head + tail + "-" + "\x1b[0m" * 70_000 + beyond, 1_000) == bounded


@given(st.text(max_size=200), st.sampled_from(SHAPED))
def test_words_of_ours_stay_and_shapes_of_keys_go(ours: str, key: str) -> None:
    assert presented(f"Skogen said this {ours} {key} ", 1_000).startswith("Skogen said this")
    assert key not in presented(f"Skogen said this {ours} {key} ", 1_000)


def test_outside_text_in_a_sentence_of_ours_is_judged() -> None:
    assert presented(Outside("Skogen var mörk")) == "…"


SHAPES = (
    lambda key: f"Bearer {key}",
    lambda key: f"api_key={key}",
    lambda key: f'"password": "{key}"',
    lambda key: f"sk-{key}",
    lambda key: f"xoxb-{key}",
    lambda key: f"postgres://u:{key}@h/db",
    lambda key: f"{key}@example.org",
    lambda key: f"[parameters: ('{key}',)]",
    lambda key: f"ghp_{key}",
)
KEYS = st.text(string.ascii_letters + string.digits, min_size=12, max_size=60)


@given(st.text(max_size=60), st.sampled_from(SHAPES), KEYS, st.text(max_size=60))
def test_no_surrounding_text_saves_a_secret(
    before: str, shape: Callable[[str], str], key: str, after: str
) -> None:
    assume(key not in before and key not in after)
    assert key not in redact(f"{before} {shape(key)} {after}", 1_000)


@given(st.integers(), st.integers(40, 120), st.text(max_size=20))
def test_a_bare_random_key_is_hidden(seed: int, length: int, before: str) -> None:
    alphabet = string.ascii_letters + string.digits + "+/"
    key = "".join(random.Random(seed).choices(alphabet, k=length))
    assert key not in redact(f"{before} {key} ")


@given(st.uuids(), st.text(alphabet=st.characters(categories=["L"]), max_size=20))
def test_a_uuid_is_kept_unless_it_is_said_to_be_a_persons_or_a_secret(
    id: UUID, before: str
) -> None:
    assume(kind_of(before) not in (KeyKind.PERSONAL, KeyKind.SECRET))
    assert str(id) in redact(f"{before} {id} rejected")


@given(st.text(), st.integers(0, 300))
def test_any_text_becomes_one_bounded_encodable_line(text: str, limit: int) -> None:
    shown = redact(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert "\x1b" not in shown
    shown.encode()


# Pieces that decide on what stands behind them, with signs and breaks between them.
TOUCHY = st.lists(
    st.sampled_from([
        "x", "=", "€", " ", "0", "pin", "user", "token", "password", ":", '"', "'", "(", ")", "{",
        "}", "[", "]", "<", ">", ",", ";", "|", "\n", "…", "***", "12", "4711", "essay_id", "key",
        "--flag", "-u", "_", "is", "null", "b", "@", "/", "%", "\\", "&", "Anna", "deadbeef12",
    ]),
    max_size=12,
).map("".join)  # fmt: skip


@given(st.one_of(st.text(), TOUCHY))
@example("0=\n\U0001342f0")
@example("status=\n\u20acword")
@example("x=\u20ac \u20ac0")
@example("password\n4711")
@example("{\u20acb=[]x")
@example("'\u20ac" * 60)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = redact(text, 10_000)
    assert redact(once, 10_000) == once


@pytest.mark.parametrize(
    "line",
    [
        "/batch status 33",
        "/stg-alerts unack 3",
        "/alerts note 3 restarted the LLM provider",
        "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9",
        "/queue",
        "/trace deadbe",
        "/stg-trace #FACADE",
        "/batch investigate deadbeef --here",
        "/batch compare deadbeef cafecafe",
        "/batch watch stop abcdef01-23",
    ],
)
def test_a_command_line_is_repeated(line: str) -> None:
    assert echoed(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "/batch password deadbeef",
        "/trace Lova deadbeef",
        "/alerts note 3 deadbeef",
        "/logs cj deadbeef",
        "the password is deadbeef",
    ],
)
def test_what_is_no_id_by_its_place_is_not_repeated_for_its_shape(line: str) -> None:
    assert "deadbeef" not in echoed(line)


@pytest.mark.parametrize("word", ["deadbe", "#FACADE", "abcdef01-23", "8f3a11", "34"])
def test_what_was_given_as_an_id_is_repeated_as_it_was_typed(word: str) -> None:
    assert echoed_id(word) == word


@pytest.mark.parametrize("word", ["Lova-Sandberg", "deadbeefdeadbeef", "deadbeef-Lova", "hunter2"])
def test_a_name_and_a_key_are_not_repeated_where_an_id_was_asked(word: str) -> None:
    assert echoed_id(word) == redact(word) != word


@pytest.mark.parametrize("line", ["/batch status Lova-Sandberg", "Lova Sandberg, why?"])
def test_names_in_a_command_line_are_not_repeated(line: str) -> None:
    assert "Lova" not in echoed(line)
    assert "Sandberg" not in echoed(line)


@pytest.mark.parametrize("word", ["statsu", "serial-bundle-9", "#34", "Elev_2", "llm:queue"])
def test_a_short_plain_word_comes_back_to_who_typed_it(word: str) -> None:
    assert repeated(word) == word


@pytest.mark.parametrize(
    "word",
    ["DB_PASS=hunter2!", "elevenKarinLindqvistiklass9B", "sk-ant-api03-Abcdefgh12345", "a@b.se",
     "200109132386"],
)  # fmt: skip
def test_another_word_comes_back_only_as_everybody_may_read_it(word: str) -> None:
    assert word not in repeated(word)


@pytest.mark.parametrize("scheme", ["Basic", "Bearer", "Digest", "Negotiate"])
def test_a_known_word_behind_a_scheme_of_logins_stays_in_our_own_words(scheme: str) -> None:
    text = f"the app-level token, from {scheme} Information, where authentication is set"
    assert presented(text) == text
    assert "dXNlcjpodW50ZXIy" not in presented(f"sent {scheme} dXNlcjpodW50ZXIy")
