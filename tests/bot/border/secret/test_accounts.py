"""Codes that let somebody in and numbers of accounts go; counts and codes of errors stay."""

import re

import pytest

from bot.border.passing import let_out


@pytest.mark.parametrize(
    "line",
    [
        "483921 is your HuleEdu verification code",
        "774812 is your login code",
        "code=774812",
        "verify 774812",
        "Enter 774812 to verify",
        "use 483921 to sign in",
        "2FA 774812 ok",
        "Two-factor: 774812",
        "2fa=774812",
        "totp=774812",
        "mfa 774812 invalid",
        "SMS: 774812",
        "challenge 774812 accepted",
        "code 774812 does not match 774813",
        "https://app.huleedu.se/verify/483921",
        "POST /verify/774812 401",
        "GET /reset/483921 200",
        "din kod är 774812",
        "engångskod 774812",
        "774812 är din engångskod",
        "Batch 34 user id: 774812",
        "Ange koden 774812 för att logga in",
        "verifiera med 774812",
        "Your OTP (483921) expires in 5 minutes",
        "GET /otp/774812?next=/ 200",
    ],
)
def test_a_code_that_lets_somebody_in_goes_before_and_behind_its_word(line: str) -> None:
    assert not re.search("483921|774812", let_out(line, 500).text)


@pytest.mark.parametrize(
    "line",
    [
        'Key (user_id)=(42817) is not present in table "users"',
        "Key (student_id, batch_id)=(42817, 33) already exists",
        "userid=42817",
        "accountid=42817",
        "account_id=42817",
        "account_id=131daac9-9411-4ca2-9999-59a9d18c5da9",
        "account 42817",
        "profile_id=42817",
        "user id 42817",
        "user #42817",
        "usr 42817",
        "students [42817, 42818]",
        "for students [42817]",
        "student list: [42817]",
        "Students with ids 42817, 42818 not found",
        "students 42817 and 42818",
        "teachers: 42817, 42818",
        "teachers [42817]",
        "pupils (42817, 42818)",
        "users {42817}",
        "users [131daac9-9411-4ca2-9999-59a9d18c5da9]",
        "password reset for 42817",
        "elever 42817 och 42818",
        "användare 42817",
        "konto 1234 56 78901",
        "konto 9020 1234567",
        "plusgiro 12 34 56-7",
        "swish 123 456 78 90",
        "IBAN SE35 5000 0000 0549 1000 0003",
        "bankgiro 123-4567",
        "elever: 42817, 42818",
        "accounts {42817, 42818}",
        "Key (account_id, course_id)=(42817, 42818) already exists.",
        "kontonr 9020 1234 5678",
    ],
)
def test_numbers_and_ids_behind_a_persons_or_an_accounts_word_go(line: str) -> None:
    shown = let_out(line, 500).text
    assert not re.search(r"4281[78]|131daac9|1234|5678|78901|34 56|456 78|0549|4567", shown)


@pytest.mark.parametrize(
    "line",
    [
        "error code 1040",
        "exit code 137",
        "code=401",
        "status_code=429",
        "error_code=55000",
        "SQLSTATE 40001",
        "HTTP code 503 from provider",
        "return code 12345",
        "user count 42817",
        "batch 34 pair 42817",
        "account limit 40000",
        "Retrying in 300 s, code 529",
        "codes: 200, 201, 404",
        "reset after 3600 s",
        "Connection reset after 120034 ms",
        "users table has 42817 rows",
        "12 students of 30",
        "login took 12345 ms",
        "reset offset to 341290",
        "Resetting offset for partition p-0 to offset 341290",
        "postgres error code 23505",
        "close code 1000",
        "Redis error: MOVED 12182 10.0.0.3:6379",
        "student_count=28 expected 30",
        "verification of 483921 rows done",
        "Queue Redis ZREM by llm: members=('59dc1b7a-f6d8-4972-887c-237eaff0e671',)",
        "essay 59dc1b7a-f6d8-4972-887c-237eaff0e671 of batch 42817",
    ],
)
def test_counts_codes_of_errors_and_ids_of_services_stay(line: str) -> None:
    assert let_out(line, 500).text == line
