"""What passes the border and what does not; the outsider's corpus is in tests/attack."""

import random
import re
import string
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.border.language.vocabulary import key_words
from bot.border.passing import NO_NAME, Passed, _judged, let_out, name
from bot.border.shapes import OUR_UUID

TRACED = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
# In parts, so that no scanner takes an invented key for a real one.
KEY = "sk-" + "ant-api03-" + "Zm9vYmFyQmF6MTIz"


@pytest.mark.parametrize(
    "text",
    [
        f"Comparison callback missing essay identifiers; correlation={TRACED}",
        'duplicate key value violates unique constraint "grade_projections_pkey"',
        f"correlation_id={TRACED} queue_current_size=1 bundle_size=2",
        "prompt_tokens=12548 total_tokens=12993 token_limit=200000",
        "Timed out waiting for CJ assessment results; captured partial data.",
        "huleedu.llm_provider.comparison_result.v1",
        "revision 4f1c2a9be0d3578a6c4e1f20b39d8c7a1b2c3d4e",
        "playwright@1.49.0",
        "traceparent: 00-2223c4d077dbbc4d68ff6805e139d921-8fc1a3b17741740d-01",
        "image digest sha256:" + "3da35de7" * 8,
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)",
        "huledu-reboot-eng5_np_runner-run-1f2e3d4c5b6a",
        "trace_id=4bf92f3577b34da6a3ce929d0e0e4736",
        '{"key": "batch_id", "request_id": "req_011CQqZ1"}',
        f'{{"reason": "token", "batch_id": "{TRACED}"}}',
        "partition 0=2012 1=2045 at 2025-11-19T00:12:31+01:00",
        f"state='running', id='{TRACED}'",
        "secrets_loaded=7 has_student_prompt=True user_prompt_length=2014",
        "at 2025-11-19T00:12:31.123456Z after 12.5s",
        "model=claude-haiku-4-5-20251001 provider=anthropic",
        "model=gpt-4.1-mini model=llama-3.3-70b-versatile model=gemini-2.5-flash-lite",
        "<Task at 0x7f3a12bc4d>",
        "secrets loaded in 1234 ms",
        '172.18.0.5:48210 - "GET /healthz HTTP/1.1" 503 Service Unavailable',
        'INFO: "POST /api/v1/comparison HTTP/1.1" 202',
        '127.0.0.1 - - [19/Nov/2025:10:14:03 +0000] "GET /metrics HTTP/1.1" 200 5123',
        "httpx.ReadTimeout: timed out after 30.0s",
        f"idempotency key {TRACED} used",
        f"members=('{TRACED}',) field='{TRACED}'",
        'password authentication failed for user "cj_service"',
        "docker.io/library/python:3.11@sha256:" + "4f1c" * 16,
        "run-0123-456 7890",
        f'["cli", "--mode", "execute", "{TRACED}"]',
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert let_out(text, 1_000).text == text


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('"GET /essays/skogen-mork HTTP/1.1" 200', "skogen"),
        ('"GET /users/4711 HTTP/1.1" 200', "4711"),
        ('"GET /batches?student_name=Lova HTTP/1.1" 200', "Lova"),
        ("elevens pin är 4711", "4711"),
        ("the otp was 482913", "482913"),
        ("lösenordet 19870412 gäller", "19870412"),
        ('"GET the key hunter2 HTTP/1.1" 200', "hunter2"),
        (f"Incorrect key provided: {KEY}", "Zm9vYmFy"),
        ("Skogen var mörk och Lova sprang hem till sin mormor", "mormor"),
        ("student_prompt_text=Skriv om en resa", "resa"),
        ("DB_PASS=hunter2", "hunter2"),
        ("invalid input for query argument $5: 'Skogen var mörk'", "Skogen"),
        ("LINE 1: INSERT INTO essays VALUES ('Lova sprang')", "Lova"),
        ("[type=string_type, input_value='Lova sprang', input_type=str]", "Lova"),
        ('{"event": "x", "essay_text": "Lova sp', "Lova"),
        ("elev Lova Sandberg lämnade in", "Sandberg"),
        ("personnummer 20100214-9876 saknas", "9876"),
        ("ring 070-174 06 05", "174 06"),
        ("lova.sandberg@skola.example", "sandberg"),
        ("redis://:hunter2@redis:6379/0 refused", "hunter2"),
        ("%7B%22password%22%3A%22hunter2%22%7D", "hunter2"),
        ("pass\u200bword=hunter2", "hunter2"),
        ("{\\u0022password\\u0022: \\u0022hunter2\\u0022}", "hunter2"),
        ("password=\nhunter2", "hunter2"),
        ("['--password', 'hunter2']", "hunter2"),
        ("python run.py --label Lova-Sandberg", "Sandberg"),
        (f"CREATE USER bot WITH PASSWORD '{TRACED}'", TRACED),
        (f"lösenordet är {TRACED}", TRACED),
        (f'["python", "--config", "{{\\"password\\": \\"{TRACED}\\"}}"]', TRACED),
        (f"curl -u cj:{TRACED} http://cj_assessment_service", TRACED),
        (f"sshpass -p {TRACED} ssh", TRACED),
        (f"GET /v1/users/{TRACED}/essays -> 404", TRACED),
        (f"172.18.0.5 - {TRACED} [10/Feb/2026:08:45:27 +0000] GET", TRACED),
        (f"X-User-ID: {TRACED.upper()}", TRACED.upper()),
        (f"KAFKA_BOOTSTRAP_SERVERS=cj:{TRACED}@kafka:9092", TRACED),
        (f'"AUTH" "default" "{TRACED}"', TRACED),
        (f"<password>{TRACED}</password>", TRACED),
        (f"ConsumerRecord(key=b'{TRACED}', value=b'x')", TRACED),
        (f"value=b'{{\"a\": 1}}', headers=(('x-user', b'{TRACED}'),))", TRACED),
        (f"headers=[('authorization', rb'{TRACED}')]", TRACED),
        (f'{{"sample": "{TRACED}"}}', TRACED),
        (f'[{{"name": "password", "value": "{TRACED}"}}]', TRACED),
        (f'[{{"key": "user_id", "value": {{"stringValue": "{TRACED}"}}}}]', TRACED),
        (f"[{{'key': 'api_key', 'v': '{TRACED}'}}]", TRACED),
        ('{"key": "db.password", "value": {"stringValue": "req_hemlig0000000001"}}', "hemlig"),
        ('{"key": "session", "stringValue": "req_hemlig0000000001"}', "hemlig"),
        (f'mod {TRACED}", "level": "info", "event": "started"}}', TRACED),
        (f"unknown command '{TRACED}', with args", TRACED),
        (f'{{"x": ["{TRACED}"]}}', TRACED),
        (f'["redis-server", "--requirepass", "{TRACED}"]', TRACED),
        (f'["tool", "--obscure-thing", "{TRACED}"]', TRACED),
        ("owner_user_id: auth0|65f1c2a9b7e4d3 email=a.b+c@x.se", "65f1c2a9b7e4d3"),
        ("essays.+47 400 00 981.text", "400 00 981"),
        ("essays.0047 400 00 981.text", "400 00 981"),
        ("body 0980/319=20225", "319"),
        ("body 2010-10-13=209853", "9853"),
        ("X-Slack-Signature:=20v0=3Db80a9ea5fda06a=\nb57468b62a2290c", "b57468b62a2290c"),
        ("extra={'s': 'hunter2}", "hunter2"),
        ("model=claude-hunter-2", "hunter"),
        ("unlock_code=a30a16a131fe1ce239322b58771151f3", "fe1ce"),
        ('"bos_batch_id": "unlock_code=a30a16a131fe1ce239322b58771151f3"', "fe1ce"),
        ("DATABASE_URL='19990229'", "19990229"),
        ("'snippet': '556677-9912'", "9912"),
        ("2026-02-10 2010-10-13 9853", "9853"),
        ("text=%2B46+%280%2970-174+06+35", "174"),
        ("00000010  2d 33 65 38 32  |-3e821d5bbcd5c2a|", "3e821d5bbcd5c2a"),
        ("x-user-0980/319 225: 1", "319"),
        ("X-Phone-08 319 22 55: 1", "319"),
        ("x-org-556677-9912: 1", "9912"),
        (f'["cli", "--token", "***", "{TRACED}"]', TRACED),
        (f"['--db-pass', '[REDACTED]', '****', '{TRACED}']", TRACED),
        (f"python -m cli --token *** {TRACED} --mode execute", TRACED),
    ],
)
def test_what_is_data_goes(text: str, data: str) -> None:
    passed = let_out(text, 1_000)
    assert data not in passed.text
    assert passed.replaced or "***" in passed.text or "…" in passed.text


@pytest.mark.parametrize(
    "text",
    [
        "cj_assessment_service.batch_finalizer",
        "IntegrityError",
        "sqlalchemy.exc.PendingRollbackError",
        "claude-haiku-4-5-20251001",
        "huleedu.llm_provider.comparison_result.v1",
        "LLMComparisonResultV1",
        "",
    ],
)
def test_a_name_is_shown(text: str) -> None:
    assert name(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "https://app.huleedu.se/verify/483921",
        "//host/x",
        "/api/v1/students/42817",
        KEY,
        "Lova Sandberg",
        "Skogen",
        "x" * 500,
        "provider: hunter2",
        "a b",
        "lova@skola.example",
    ],
)
def test_what_is_no_name_is_not_shown_as_one(text: str) -> None:
    assert name(text) == NO_NAME


@given(st.integers(), st.integers(20, 120), st.text(max_size=20))
def test_a_random_key_never_passes(seed: int, length: int, before: str) -> None:
    key = "".join(random.Random(seed).choices(string.ascii_letters + string.digits, k=length))
    assert key not in let_out(f"{before} {key} ", 1_000).text
    assert key not in name(key)


# Letters of which no word can be made that says whose the uuid is.
@given(st.uuids(), st.text(alphabet="åöüéßµ", max_size=20))
def test_a_uuid_stays(id: UUID, before: str) -> None:
    assert str(id) in let_out(f"{before} {id} rejected").text


@given(st.text(), st.integers(0, 300))
def test_any_text_becomes_one_bounded_encodable_line(text: str, limit: int) -> None:
    shown = let_out(text, limit).text
    assert len(shown) <= limit
    assert "\n" not in shown
    assert "\x1b" not in shown
    shown.encode()


@given(st.text(alphabet="abåö \"'=:{}[](),\\%-1\n", max_size=80))
def test_passing_twice_shows_no_more(text: str) -> None:
    once = let_out(text, 1_000).text
    words = re.findall(r"[^\W\d_]+", let_out(once, 1_000).text)
    assert all(word in once for word in words)


@pytest.mark.parametrize(
    "text",
    [
        "password is {}", "password was {}.", "password set to {}", "with password {}", "pwd {}",
        "secret {}", "PIN {}", "otp {}", "cookie {}", "token {} rejected", "api key {} invalid",
        "credential {} expired", "password -> {}", "password\t{}", "password ({})", "x-api-key {}",
        "Bearer {}", "AUTH {}", "ALTER ROLE cj PASSWORD '{}'", "IDENTIFIED BY '{}'", "psql -p {}",
        "the {} failed: tried '{}' as password", "admin:{}", "lösenordet är {}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("known", ["queue", "start-worker"])
def test_a_known_word_is_hidden_where_it_is_a_secret(text: str, known: str) -> None:
    shown = let_out(text.replace("{}", known)).text
    assert known not in shown.replace(f"the {known}", "")


@pytest.mark.parametrize(
    "text",
    ["password for {}", "password is {}", "invalid username-password pair for {}",
     "invalid username/password combination for {}"],
)  # fmt: skip
def test_an_id_is_hidden_where_it_is_a_password(text: str) -> None:
    known = "0feb5e1c-aaaa-4bbb-8ccc-00000fe1c0de"
    assert known not in let_out(text.format(known)).text


@pytest.mark.parametrize(
    "text",
    [
        "password authentication failed for user",
        "password is required",
        "token limit exceeded, token count 12, tokens used 14",
        "api key missing for provider",
        "secret not found",
        "ValueError: invalid value (expected 2, got 1)",
        "KeyError: 'correlation_id'",
        "aiohttp.client_exceptions.ClientResponseError: 529, message='Overloaded'",
        "[Errno 111] Connect call failed",
        "msg_01XFDUDYJgAACzvnptvVoYEL and chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "req_1f2e3d4c5b6a and ANCHOR_12_1a2b3c4d",
        "at 2025-11-19 10:00:00 of 2025-11-18",
    ],
)
def test_what_is_said_of_a_secret_or_an_error_stays(text: str) -> None:
    shown = let_out(text)
    assert shown == Passed(text)


@pytest.mark.parametrize(
    "text",
    [
        "api key {} rejected", "token {} refused", "the api-key ({}) was rejected",
        "invalid api key provided {}", "Incorrect API key provided: {}", "secret was revoked {}",
    ],
)  # fmt: skip
def test_an_id_is_hidden_where_it_is_a_key(text: str) -> None:
    known = "0feb5e1c-aaaa-4bbb-8ccc-00000fe1c0de"
    assert known not in let_out(text.format(known)).text


@pytest.mark.parametrize("word", sorted(key_words("paths_of_secrets") - {"key", "keys"}))
@pytest.mark.parametrize(
    "text", ["GET /{}/{id} 200", "redis key huleedu:{}:{id}", "https://x/{}/{id}"]
)
def test_an_id_behind_what_lets_somebody_in_is_hidden(text: str, word: str) -> None:
    known = "0feb5e1c-aaaa-4bbb-8ccc-00000fe1c0de"
    assert known not in let_out(text.replace("{}", word).replace("{id}", known)).text


@pytest.mark.parametrize("digits", ["4829", "482913", "48291337"])
@pytest.mark.parametrize("text", ["your code is {}", "code {}", "code: {}", "verification {} sent"])
def test_a_code_is_hidden_unless_it_is_of_something_else(text: str, digits: str) -> None:
    assert digits not in let_out(text.format(digits)).text
    for other in ("exit code 1370", "status code 5030", "close code 1006", "code=1006"):
        assert let_out(other) == Passed(other)


@pytest.mark.parametrize("text", ["{} is the code", "{} is your code", "{} (code)"])
def test_a_code_is_hidden_before_its_word(text: str) -> None:
    assert "4829" not in let_out(text.format("4829")).text
    assert let_out("4829 exit code") == Passed("4829 exit code")


@pytest.mark.parametrize(
    "text", ["grade {} for essay 3", "Essay 3: grade {}", "essay 3 got grade {}", "betyg {}"]
)
@pytest.mark.parametrize("grade", ["A", "F", "C+"])
def test_a_grade_is_hidden(text: str, grade: str) -> None:
    assert grade not in let_out(text.format(grade)).text.split()


@pytest.mark.parametrize(
    "text", ["token:{}", "cache:token:{}", "redis-cli -a {}", "tried {} as password"]
)
@pytest.mark.parametrize("known", ["worker", "default-worker-1"])
def test_a_known_word_is_hidden_within_a_word_and_before_its_label(text: str, known: str) -> None:
    assert known not in let_out(text.format(known)).text


@pytest.mark.parametrize("text", ["MAX FISHER FAILED", "mark fisher failed", "MaxFisherError"])
def test_a_name_of_known_words_is_hidden_in_whatever_case(text: str) -> None:
    assert "fisher" not in let_out(text).text.lower()
    assert "ma" not in let_out(text).text.lower()


def test_a_digest_stays_unless_the_line_speaks_of_a_signature() -> None:
    digest = "9f86d081884c7d65" * 4
    assert digest in let_out(f"image sha256:{digest} pulled").text
    assert digest not in let_out(f"signature mismatch: expected sha256={digest}").text
    assert digest not in let_out(f"sha256={digest} is no valid HMAC").text


@pytest.mark.parametrize(
    "text",
    [
        "idempotency key {} used",
        "invalid api key for batch {}",
        "token limit of request {}",
        "token refused request_id={}",
        "api key rejected\nbatch {} failed",
    ],
)
def test_an_id_of_something_else_stays_behind_a_key(text: str) -> None:
    known = "0feb5e1c-aaaa-4bbb-8ccc-00000fe1c0de"
    assert known in let_out(text.format(known)).text


@pytest.mark.parametrize("name", sorted(key_words("also_a_name") - {"day", "key"}))
@pytest.mark.parametrize(
    "text",
    ["created by {}", "assigned to: {}", "owner {}", "batch 3 shared with {}", "sent to {} {}"],
)
def test_a_known_word_that_is_a_name_is_hidden_behind_what_people_do(text: str, name: str) -> None:
    for word in (name, name.title()):
        assert word not in let_out(text.replace("{}", word)).text.split()


def test_what_services_do_for_services_stays() -> None:
    for text in (
        "created by Batch Monitor", "assigned to worker 3", "published to Kafka", "rows by key",
        "May fail", "Will retry in 5 s", "moved to page 2",
        "Fetching content from Content Service", "Fetched anchor content for grade B",
    ):  # fmt: skip
        assert let_out(text) == Passed(text)


@pytest.mark.parametrize("words", ["got {} back", "got '{}' back", "count={}", "batch_id={}"])
@pytest.mark.parametrize(
    "number",
    [
        "2010-01-02", "2010-01-02T00:00:00", "02/01/2010", "2.1.2010", "2010.01.02", "2-1-2010",
        "555-123-4567", "8327-9,123 456 789-0", "201,001,022,384", "55.7047, 13.1910",
    ],
)  # fmt: skip
def test_a_day_of_birth_and_a_number_in_groups_are_hidden(number: str, words: str) -> None:
    shown = let_out(words.format(number)).text
    assert number not in shown
    assert "4567" not in shown
    assert "2010" not in shown


@pytest.mark.parametrize(
    "word",
    [
        "user_2010ebba", "req_ebbalindqvist2010", "msg_ebbaLindqvist9C", "ANCHOR_ebba_1a2b3c4d",
        "gen-ebba-2010-lindqvist", "chatcmpl-ebbalindqvist2010",
    ],
)  # fmt: skip
def test_no_name_stands_in_an_ids_shape(word: str) -> None:
    assert "ebba" not in let_out(f"failed in {word} while waiting").text


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        (f"started with {KEY}", 1),
        (f"started with {KEY} for elev Lova Sandberg", 2),
        ("started by lova.sandberg@skola.example", 1),
        (f"password={KEY}", 1),
        ("started *** with batch", 0),
    ],
)
def test_what_the_second_line_hid_is_counted_once(text: str, replaced: int) -> None:
    assert let_out(text).replaced == replaced


@given(
    st.from_regex(OUR_UUID.pattern, fullmatch=True)
    | st.from_regex("[0-9]{8}(-[0-9]{4}){3}-[0-9]{12}", fullmatch=True)
)
def test_an_id_that_is_not_judged_would_pass_whole(id: str) -> None:
    assert let_out(id) == _judged(id) == Passed(id)


@pytest.mark.parametrize(
    ("announced", "said"),
    [
        ("Judge: ", "The port was closed"),
        ("Judge 2: ", "The port was closed"),
        ("Feedback - ", "The port was closed"),
        ("Essay text - ", "The port was closed"),
        ("Student wrote: ", "The port was closed"),
        ("Model answered: ", "The port was closed"),
        ("Motivering: ", "Ingen svarar"),
        ("Omdöme: ", "Ingen svarar"),
        ("Unheard: ", "Ingen svarar"),
        ("2026-11-30 10:00:00 ERROR Judge: ", "The port was closed"),
        ("[Judge: ", "The port was closed"),
    ],
)
def test_what_a_word_announces_goes_however_known_its_words_are(announced: str, said: str) -> None:
    assert let_out(said).text == said
    assert not {*said.split()} & {*let_out(announced + said).text.split()}


@pytest.mark.parametrize(
    "text",
    [
        "nginx: connection refused",
        "Reason: Connection refused",
        "uvicorn: Failed to connect to Kafka",
        "Assistant returned 503",
        "Failed to fetch anchor content: KafkaTimeoutError",
    ],
)
def test_a_cause_behind_a_known_word_stays(text: str) -> None:
    assert let_out(text).text == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No clear message", "…"),
        ("- No clear message", "- …"),
        ("Spelling errors: too many", "… errors: …"),
        ("Argument saknas", "…"),
        ("1. Argument is missing", "1. …"),
        ("Not enough arguments", "…"),
        ("Reason: Argument is missing!", "Reason: … !"),
        ("Motivering: Argument saknas", "…: …"),
        ("Judge said No clear message", "…"),
        ("client Mark disconnected", "client … disconnected"),
        ("host=Grant refused", "host=… refused"),
        ('database "Mark" does not exist', 'database "…" does not exist'),
        ("session 53 6f 6d 6d 61 72", "session …"),
        ("invalid key kafka-redis-timeout", "invalid key …"),
        ("session kafka-redis-timeout expired", "session … expired"),
        ("user 4475 080312 denied", "user … denied"),
        ("host: 080312", "host: …"),
        ("Incorrect API key provided: sk-proj-Zq8v****5uB3.", "Incorrect API key provided: …."),
        ("key **5uB3 invalid", "key … invalid"),
    ],
)
def test_what_a_judge_finds_a_name_or_a_rest_of_a_secret_goes(text: str, shown: str) -> None:
    assert let_out(text).text.replace("- …", "…") == shown.replace("- …", "…")


@pytest.mark.parametrize(
    "text",
    [
        "- Connection refused",
        "- kafka: Connection refused",
        "argument is required for the consumer",
        "Max retries exceeded",
        "routing key default-worker-queue",
        "took 120312 ms",
        "offset 120312",
    ],
)
def test_what_only_looks_like_that_stays(text: str) -> None:
    assert let_out(text).text == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("failed for key 'a': ConnectionRefusedError", "… 'a': ConnectionRefusedError"),
        ("Error in Redis GET operation by 'cj' for key 'a': Connection refused",) * 2,
        ("Authentication error during login: KafkaTimeoutError",) * 2,
        ("numpy.linalg.LinAlgError: Singular matrix",) * 2,
        ("concurrent.futures.process.BrokenProcessPool",) * 2,
        ("botocore.errorfactory.ThrottlingException", "…ThrottlingException"),
        ("sqlalchemy.orm.exc.DetachedInstanceError", "…DetachedInstanceError"),
        ("feedback: Lova sprang (ConnectionResetError)", "feedback: … ConnectionResetError)"),
        ("prompt: httpx.ReadTimeout",) * 2,
        ("user Lova got PermissionError", "user … got PermissionError"),
        ("LovaSandbergError", "…"),
    ],
)
def test_an_errors_class_stays_wherever_it_stands(text: str, shown: str) -> None:
    assert let_out(text).text == shown


def test_what_a_program_says_behind_a_key_is_judged_clause_by_clause() -> None:
    said = 'level=error org_id={} msg="failed to flush" err="read {}: no space left on device"'
    assert let_out(said.format("Lova", "Lova"), 999).text == said.format("…", "…")


@pytest.mark.parametrize(
    "kind",
    [
        "org.postgresql.util.PSQLException",
        "org.springframework.beans.factory.BeanCreationException",
        "io.lettuce.core.RedisCommandTimeoutException",
        "com.zaxxer.hikari.pool.HikariPool$PoolInitializationException",
    ],
)
def test_a_qualified_class_of_an_error_is_a_name(kind: str) -> None:
    assert name(kind) == kind
    assert let_out(f"Startup failed ({kind})").text == f"Startup failed ({kind})"
    assert kind in let_out(f"{kind}: FATAL: remaining slots are Lovas").text


@pytest.mark.parametrize(
    "word", ["org.Lova.FarException", "lova.svensson.FarException", "org.lova.svensson", "Far"]
)
def test_what_has_no_shape_of_a_qualified_class_is_no_name(word: str) -> None:
    assert name(word) == NO_NAME
