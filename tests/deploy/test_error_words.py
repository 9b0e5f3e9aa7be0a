"""Of error messages in rows only words of a closed list leave, by columns and by functions."""

import re

import asyncpg
import orjson
import pytest

from bot.demo.incident.rows import load
from bot.diagnosis.comparison.failure_reasons import reason_of
from bot.domain.batch.error_words import OF_PROVIDER, OF_RELAY
from bot.sources.cj.database import CjPostgres
from tests.rights.role import as_reader
from tests.rights.table import grant
from tests.support.paths import ROOT

SCRIPT = ROOT / "deploy" / "readonly_role.sql"
BATCH, PLANTED = 33, "zqxmormor"
STUDENT = f"Jag minns {PLANTED} och sjön"
# What a provider says, in the middle of what was sent to it.
SAID = (
    "Your credit balance is too low", "prompt is too long: 210000 tokens", "Invalid X-API-Key",
    "not_found_error: model: claude-1", "Number of request tokens: RATE_LIMIT", "Overloaded",
    "Request timed out after 60 s", "timed out of class", "ClientConnectorError: cannot connect",
    "Cannot connect to host a.invalid:443 [Name or service not known]",
    "Cannot connect to host a:443 [SSLCertVerificationError: (1, 'certificate verify failed')]",
    "hit max_tokens limit", "Failed to parse the answer", "Bad Gateway", "api_error", STUDENT, "",
    "authentication_error, and the API is overloaded",
)  # fmt: skip
RELAYED = {
    f"KafkaTimeoutError: {STUDENT}": "KafkaTimeoutError; Timeout",
    f"[KAFKA_PUBLISH_ERROR] {STUDENT}: Unable to bootstrap from [('10.0.0.7', 9092)]":
        "KAFKA_PUBLISH_ERROR; Unable to bootstrap",
    f"MessageSizeTooLargeError: the message with {STUDENT} is too large":
        "MessageSizeTooLargeError; too large",
    f"{PLANTED}Error: {STUDENT}": "",
    STUDENT: "",
}  # fmt: skip


def in_file() -> str:
    """Return the script with its literals that are written on several lines as one."""
    return re.sub(r"'\n\s+'", "", SCRIPT.read_text(encoding="utf-8"))


def test_the_script_holds_the_bots_own_words() -> None:
    text = in_file()
    for one in OF_PROVIDER:
        assert f"WHEN said ~ '{one.pattern}'\n            THEN '{one.said}'" in text
    assert [f"'{one}'" in text for one in OF_RELAY] == [True] * len(OF_RELAY)
    assert text.count("WHEN said ~ ") == len(OF_PROVIDER)


def test_what_stands_for_a_reasons_words_names_that_reason() -> None:
    for one in OF_PROVIDER:
        assert reason_of([one.said]) == one.reason


@pytest.mark.parametrize("by_functions", [False, True])
async def test_a_providers_message_is_read_as_the_reason_that_it_names_and_no_more(
    database_url: str, by_functions: bool
) -> None:
    await load(database_url, "now")
    owner = await asyncpg.connect(database_url)
    if by_functions:
        await grant(database_url)
    source = CjPostgres(as_reader(database_url) if by_functions else database_url)
    for said in SAID:
        details = orjson.dumps({"provider_error_message": f"{said}, said of {STUDENT}"}).decode()
        await owner.execute(
            "UPDATE cj_comparison_pairs SET error_code = NULL, error_details = $1", details
        )
        batch = await source.batch(BATCH)
        assert batch is not None
        assert PLANTED not in repr(batch)
        (message,) = {one.message for one in batch.errors}
        assert message in {"", *(one.said for one in OF_PROVIDER)}
        assert reason_of([message]) == reason_of([said.lower()]), said
    await source.close()
    await owner.close()


@pytest.mark.parametrize("by_functions", [False, True])
async def test_of_what_a_relay_met_its_class_and_known_words_are_read(
    database_url: str, by_functions: bool
) -> None:
    await load(database_url, "now")
    owner = await asyncpg.connect(database_url)
    if by_functions:
        await grant(database_url)
    source = CjPostgres(as_reader(database_url) if by_functions else database_url)
    for said, kept in RELAYED.items():
        await owner.execute(
            "UPDATE event_outbox SET last_error = $1, published_at = NULL, retry_count = 3", said
        )
        (waits,) = {str.__str__(one.last_error) for one in await source.unpublished()}
        assert waits == kept
        batch = await source.batch(BATCH)
        assert batch is not None
        assert {str.__str__(one.last_error) for one in batch.outbox} == {kept}
    await source.close()
    await owner.close()


async def test_a_reason_that_nobody_knows_says_only_that_there_is_one(database_url: str) -> None:
    await load(database_url, "now")
    await grant(database_url)
    owner = await asyncpg.connect(database_url)
    reader = await asyncpg.connect(as_reader(database_url))
    for reason, told in (("stuck_timeout", "stuck_timeout"), (STUDENT, "other"), ("", None)):
        document = orjson.dumps({
            "forced_to_scoring": {"reason": reason}, "max_possible_pairs": STUDENT,
            "comparison_budget": {"max_pairs_requested": STUDENT},
        }).decode()  # fmt: skip
        await owner.execute("UPDATE cj_batch_states SET processing_metadata = $1", document)
        found = orjson.loads(await reader.fetchval("SELECT batchbot.batch_metadata($1)", BATCH))
        assert found["forced_to_scoring"] == {"reason": told}
        assert found["max_possible_pairs"] is found["comparison_budget"]["max_pairs_requested"]
        assert found["max_possible_pairs"] is None
    await reader.close()
    await owner.close()


async def test_an_earlier_role_that_was_granted_the_column_reads_the_same_words(
    database_url: str,
) -> None:
    await load(database_url, "now")
    await grant(database_url)
    owner = await asyncpg.connect(database_url)
    await owner.execute(
        "DROP FUNCTION batchbot.outbox_error(uuid);"
        "GRANT SELECT (last_error) ON event_outbox TO batchbot_reader"
    )
    await owner.execute("UPDATE event_outbox SET published_at = NULL, last_error = $1",
                        f"KafkaConnectionError: {STUDENT}")  # fmt: skip
    await owner.close()
    source = CjPostgres(as_reader(database_url))
    assert {str(one.last_error) for one in await source.unpublished()} == {"KafkaConnectionError"}
    await source.close()
