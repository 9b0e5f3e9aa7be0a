"""Known words are passwords where a clause says so."""

import pytest

from bot.border.passing import Passed, let_out


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("reset password for worker to timeout", "reset password for worker to …"),
        ("password of worker changed to timeout", "…"),
        ("password for worker is timeout", "…"),
        ("password was changed to 8431971", "…"),
        ("login worker / timeout-2026", "login … / …"),
    ],
)
def test_what_a_clause_says_a_password_is_goes(text: str, shown: str) -> None:
    assert let_out(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "password for worker is invalid",
        "password authentication failed for user",
        "requests queued / completed",
    ],
)
def test_what_is_said_of_a_password_stays(text: str) -> None:
    assert let_out(text) == Passed(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("api key: backup-key-2026 revoked", "api key: …"),
        ("api key: kafka-user-9x revoked", "api key: …"),
        ("login with prod-db-pass-3 failed", "login with … failed"),
        ("login with server-queue9 failed", "login with … failed"),
        ("Authenticated using worker-secret-5", "Authenticated using …"),
        ("unlock with backup-key-2026 failed", "unlock with … failed"),
        ("client id admin/admin123 unknown", "client id … unknown"),
        ('{"log": "failed response_preview: the first worker"}', '{"log": "…"}'),
    ],
)
def test_a_secret_of_words_of_services_and_digits_goes(text: str, shown: str) -> None:
    assert let_out(text).text == shown


@pytest.mark.parametrize(
    "text",
    [
        "Authenticated using SCRAM-SHA-256",
        "partition-key-1 was full",
        "token-limit-400",
        "sort key: 7",
        "login with password failed",
    ],
)
def test_a_method_or_a_count_is_no_secret(text: str) -> None:
    assert let_out(text) == Passed(text)
