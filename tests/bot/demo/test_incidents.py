"""What can be broken in the demo's services, in what is asked for and in what the services do."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest

from bot.demo.incident.rows import load
from bot.demo.incidents import Incidents
from bot.demo.service_logs import CJ_LOG, LLM_LOG, RUNNER_LOG
from bot.demo.services import LlmProvider, Script
from bot.errors import UsageError

LATER = 1e9
BATCH = 35
pytestmark = pytest.mark.timeout(60)


class Services:
    """Runs the demo's services on real parts, and reads what they leave behind."""

    def __init__(self, incidents: Incidents, logs: Path, database: asyncpg.Connection) -> None:
        self.incidents = incidents
        self._logs = logs
        self._database = database

    def log(self, name: str) -> str:
        path = self._logs / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    async def state(self, batch: int = BATCH) -> str | None:
        query = "SELECT state::text FROM cj_batch_states WHERE batch_id = $1"
        found: str | None = await self._database.fetchval(query, batch)
        return found

    async def count(self, condition: str, batch: int = BATCH) -> int:
        query = f"SELECT count(*) FROM cj_comparison_pairs WHERE cj_batch_id = $1 AND {condition}"
        return int(await self._database.fetchval(query, batch))

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        while not await holds():  # noqa: ASYNC110 - another process writes what is looked at
            await asyncio.sleep(0.02)

    async def reaches(self, state: str, batch: int = BATCH) -> None:
        async def holds() -> bool:
            return await self.state(batch) == state

        await self.until(holds)


@pytest.fixture
async def services(database_url: str, redis_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    await load(database_url)
    incidents = Incidents()
    script = Script(LATER, LATER, LATER, beat=0.02, batch_at=LATER)
    provider = LlmProvider(tmp_path, redis_url, script, cj_url=database_url, incidents=incidents)
    running = asyncio.create_task(provider.run())
    database = await asyncpg.connect(database_url)
    yield Services(incidents, tmp_path, database)
    await database.close()
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_a_batch_runs_to_its_grades(services: Services) -> None:
    services.incidents.start("batch")
    await services.reaches("COMPLETED")
    assert await services.count("winner IN ('essay_a', 'essay_b')") == 30


async def test_a_frozen_item_belongs_to_the_batch_that_runs_and_goes_on_when_healed(
    services: Services,
) -> None:
    services.incidents.start("freeze")

    async def hangs() -> bool:
        return await services.count("winner IS NULL") == 1

    await services.until(hangs)
    assert await services.state() == "WAITING_CALLBACKS"
    services.incidents.start("heal")
    await services.reaches("COMPLETED")
    services.incidents.start("freeze")
    await services.reaches("WAITING_CALLBACKS", BATCH + 1)


@pytest.mark.parametrize("status", [429, 529])
async def test_a_provider_that_refuses_fails_comparisons_with_its_status(
    services: Services, status: int
) -> None:
    services.incidents.start(f"provider_{status}")
    await services.reaches("COMPLETED")
    assert await services.count(f"error_details ->> 'http_status' = '{status}'") > 0
    assert f"Anthropic API failure: {status}" in services.log(LLM_LOG)


async def test_a_stopped_cj_takes_nothing_and_all_of_it_later(services: Services) -> None:
    services.incidents.start("stop_cj")

    async def published() -> bool:
        return "Published success callback" in services.log(LLM_LOG)

    await services.until(published)
    assert await services.state() != "COMPLETED"
    services.incidents.start("heal")
    await services.reaches("COMPLETED")


async def test_a_failed_finalisation_rests_in_scoring_until_it_is_healed(
    services: Services,
) -> None:
    services.incidents.start("finalisation")
    await services.reaches("SCORING")

    async def said() -> bool:
        return "grade_projections_pkey" in services.log(CJ_LOG)

    await services.until(said)
    services.incidents.stop("finalisation")
    await services.reaches("COMPLETED")


async def test_each_rejected_callback_is_a_new_line_of_a_runner(services: Services) -> None:
    for count in (1, 2):
        services.incidents.start("reject")

        async def rejected(wanted: int = count) -> bool:
            return services.log(RUNNER_LOG).count("missing essay identifiers") == wanted

        await services.until(rejected)


def test_only_one_refusal_of_the_provider_is_on_and_healing_ends_everything() -> None:
    incidents = Incidents()
    for name in ("provider_429", "provider_529", "stop_cj"):
        incidents.start(name)
    assert (incidents.on, incidents.status) == ({"provider_529", "stop_cj"}, 529)
    incidents.start("heal")
    assert (incidents.on, incidents.status) == (set(), None)


@pytest.mark.parametrize(
    ("press", "stays_on"),
    [
        (lambda incidents: incidents.start("freeze"), True),
        (lambda incidents: incidents.stop("freeze"), False),
        (lambda incidents: incidents.start("heal"), False),
    ],
)
@pytest.mark.parametrize("is_before_the_script", [True, False])
def test_a_persons_press_wins_over_the_script(
    press: Callable[[Incidents], None], stays_on: bool, is_before_the_script: bool
) -> None:
    incidents = Incidents()
    if is_before_the_script:
        press(incidents)
    incidents.play("freeze")
    if not is_before_the_script:
        press(incidents)
    incidents.end("freeze")
    assert ("freeze" in incidents.on) is stays_on


async def test_a_freeze_by_hand_outlasts_the_scripts_recovery(
    redis_url: str, tmp_path: Path
) -> None:
    incidents = Incidents()
    script = Script(freeze_at=0.2, recover_at=0.4, stray_at=LATER, beat=0.02, batch_at=LATER)
    running = asyncio.create_task(
        LlmProvider(tmp_path, redis_url, script, incidents=incidents).run()
    )
    incidents.start("freeze")
    while script.recover_at < LATER:  # noqa: ASYNC110 - the services move their own script
        await asyncio.sleep(0.02)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert incidents.on == {"freeze"}


def test_an_unknown_incident_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="freeze, reject, provider_429") as caught:
        Incidents().start("meteor")
    assert "meteor" not in str(caught.value.message)
