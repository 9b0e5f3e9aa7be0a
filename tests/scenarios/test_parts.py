"""The whole bot on real parts, in a small version; `python -m tests.attack.parts` carries all."""

from pathlib import Path

import pytest

from bot.service.embedded_postgres import EmbeddedPostgres
from tests.attack.parts.plants import EVERY, KINDS, Planter
from tests.attack.parts.run import carried
from tests.support.slack import rendered


@pytest.mark.timeout(180)
@pytest.mark.marathon
async def test_nothing_that_only_real_parts_carry_comes_out(
    tmp_path: Path, postgres_server: EmbeddedPostgres, redis_url: str
) -> None:
    judged = len(rendered._problems), len(rendered._headlines), len(rendered._wordings)
    outcome = await carried(EVERY, tmp_path, postgres_server, redis_url, few=True)
    # What is drawn of plants reads oddly, and is held against no rule on words of ours.
    del rendered._problems[judged[0] :]
    del rendered._headlines[judged[1] :]
    del rendered._wordings[judged[2] :]
    assert [(way, plant.place, around) for way, plant, around in outcome.leaks] == []
    assert outcome.planted > 2_500
    assert outcome.posts > 20
    assert len(outcome.ways) > 60


@pytest.mark.parametrize("kind", KINDS)
def test_a_plant_of_each_kind_is_found_again(kind: str) -> None:
    plant = Planter(kind)
    texts = [plant("first"), plant("second")]
    assert [one.place for one in plant.found(f"it said {texts[1]}, twice")] == ["second"]
