"""Statements of SQL are shown where they hold no data."""

import pytest

from bot.border.passing import let_out


@pytest.mark.parametrize(
    "text",
    [
        "[SQL: UPDATE cj_comparison_pairs SET justification=$1::VARCHAR WHERE id = $2]",
        "[SQL: SELECT cj_batch_states.batch_id, count(*) AS count_1 FROM cj_batch_states "
        "WHERE cj_batch_states.state = %(state_1)s LIMIT 10 FOR UPDATE]",
    ],
)
def test_a_statement_with_its_values_apart_is_shown(text: str) -> None:
    assert let_out(text, 1_000).text == text
    behind = let_out(f"{text} [parameters: ('Lova sprang', 3)]", 1_000).text
    assert behind == f"{text} [parameters: …]"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM cj_batch_uploads WHERE user_id = 'Lova'",
        "SELECT my mother is ill",
        "UPDATE cj_comparison_pairs SET justification = Lova",
        "SELECT id FROM cj_batch_uploads WHERE id = 20100213",
        "my mother is ill",
    ],
)
def test_a_statement_with_data_is_not(statement: str) -> None:
    assert not {"Lova", "mother", "20100213"} & set(let_out(f"[SQL: {statement}]").text.split())
    assert "[SQL: …" in let_out(f"[SQL: {statement}]").text
