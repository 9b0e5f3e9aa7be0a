"""Which fields of a line are told, and what of a nested one."""

import pytest

from bot.border.field import flat, told
from bot.border.outside import outside

SHA = "52468214aa0be3c1d7f09e6b5c2d18374f6a9b01"
DIGEST = "sha256:" + "5a2d2ec8" * 8


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("git_sha", SHA),
        ("image_digest", DIGEST),
        ("prompt_sha256", "5a2d2ec8" * 8),
        ("token_count", 812),
        ("token_limit", "200000"),
        ("prompt_tokens", 812),
        ("model_override", "claude-haiku-4-5-20251001"),
        ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("provider_request_id", "req_011CSHoEeqs5C35K2UUqR7Fy"),
        ("container_id", "3f1d2c4b5a69"),
        ("package", "huleedu-cj@1.2.3"),
        ("state", "WAITING_CALLBACKS"),
        ("is_final", False),
        ("metadata.request_id", "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"),
    ],
)
def test_an_id_a_count_or_a_state_is_told(key: str, value: object) -> None:
    assert told(key, outside(value)) == str(value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("essay_text", "Skogen"),
        ("api_key", SHA),
        ("user.id", "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"),
        ("student_id", "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"),
        ("state", "Skogen var mörk"),
        ("state", "hunter2"),
        ("title", "COVERAGE"),
        ("Lova", "COVERAGE"),
        ("size", 201010139853),
        ("status", 'x", "password": "'),
        ("model", ["claude-haiku-4-5"]),
    ],
)
def test_what_may_be_data_is_not(key: str, value: object) -> None:
    assert told(key, outside(value)) is None


def test_a_nested_field_is_told_by_its_whole_path() -> None:
    fields = outside({"user": {"id": 7}, "a": {"b": {"c": {"d": {"batch_id": 34}}}}})
    assert [key for key, _ in flat(fields)] == ["user.id", "a.b.c.d"]
