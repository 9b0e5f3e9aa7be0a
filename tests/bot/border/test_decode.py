import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.border.decode import HEAD_CHARS, TAIL_CHARS, bounded, readable


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
    text = "begin " + "x" * 50_000 + " middle " + "y" * 50_000 + " end"
    assert bounded(text).split() == ["begin", "…", "end"]


@given(st.text())
def test_the_result_is_bounded_and_encodable(raw: str) -> None:
    text = readable(raw * 50)
    assert len(text) <= HEAD_CHARS + TAIL_CHARS + 10
    text.encode()
