import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.border.decode import CUT, CUT_SIGN, HEAD_CHARS, TAIL_CHARS, bounded, readable
from bot.border.passing import let_out


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("pass%77ord%3Dx", "password=x"),
        ("%2570", "p"),
        ('{\\"a\\": \\"b\\"}', '{"a": "b"}'),
        ("\\u0070\\x61ss", "pass"),
        ("&quot;a&#98;&#x63;", '"abc'),
        ("pass\u200bwo\ufe0frd", "password"),
        ("ｐａｓｓ", "pass"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("a\u2028b\r\nc", "a\nb\nc"),
        ("a\x00b", "ab"),
        ("passs\x08word", "password"),
        ("\u202edrowssap\u202c=x", "password=x"),
        ("p a s s w o r d = x", "password = x"),
        ('"p", "a", "s", "s"', '"pass"'),
        ("['1', '0', '-', '9', '9']", '["10-99"]'),
    ],
)
def test_a_text_is_decoded_until_nothing_changes(raw: str, text: str) -> None:
    assert readable(raw) == text


def test_a_long_text_keeps_its_head_and_its_tail_and_no_part_of_a_word_at_the_cut() -> None:
    text = "begin " + "x" * 50_000 + " middle " + "y" * 50_000 + " status=end"
    assert bounded(text).split() == ["begin", CUT_SIGN, "status=end"]


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        ("4711", ""),
        ("said 4711 and more", ""),
        ('4711, "status": "failed"}', '"status": "failed"}'),
        ('x", "status": "failed"}', '"status": "failed"}'),
        ('\\"x\\", \\"status\\": 1', '\\"status\\": 1'),
        ("4711 status=failed", "status=failed"),
        ("4711\nTraceback (most recent", "Traceback (most recent"),
        ("4711\nof something\nValueError: x", "ValueError: x"),
        ("4711\n  4712\n", ""),
        ("4711\nstatus: failed", "status: failed"),
        ("4711&status=1", "status=1"),
    ],
)
def test_behind_the_cut_nothing_is_kept_before_it_says_what_it_is(tail: str, kept: str) -> None:
    whole = '{"event": "waits", "pin": ' + " " * (HEAD_CHARS + TAIL_CHARS) + tail
    assert bounded(whole).partition(CUT)[2] == kept


@pytest.mark.parametrize("datum", ["4711", "batch-4711", "2026-11-30", "10.0.0.7"])
@pytest.mark.parametrize("key", ['"pin": ', "pin=", "password ", '"secret": "'])
def test_a_datum_whose_key_was_cut_out_is_not_shown(key: str, datum: str) -> None:
    said = "Queue processor started " * 300
    # A prime step, so that the cut falls at other places of each form.
    for far in range(0, TAIL_CHARS, 397):
        text = f"{said}{key}{' ' * (TAIL_CHARS - far)}{datum}{' ' * far}"
        assert datum not in let_out(text, 100_000).text


def test_no_text_from_outside_makes_a_cut() -> None:
    assert "4711" not in let_out(f"password={CUT}4711").text
    assert "4711" not in let_out(f"password={CUT_SIGN}4711").text


@given(st.text())
def test_the_result_is_bounded_and_encodable(raw: str) -> None:
    text = readable(raw * 50)
    assert len(text) <= HEAD_CHARS + TAIL_CHARS + 10
    text.encode()


@pytest.mark.parametrize(
    ("escaped", "read"),
    [
        (r"Det\u0020var\u0020en", "Det var en"),
        (r"a\u00e5b", "aåb"),
        (r"\u{e5}r \u{1F600}x", "år \U0001f600x"),
    ],
)
def test_an_escape_without_braces_has_four_digits_whatever_follows(escaped: str, read: str) -> None:
    assert readable(escaped) == read
