"""A request that CJ refused leaves no row: its own line is told at once, with why."""

import pytest

from bot.detectors._event_counts import QuietSettings
from bot.detectors.services.requests_refused import RequestsRefused
from bot.domain.followed import Followed
from bot.domain.log import Role
from tests.support.scenes import NOW, TICK, played
from tests.support.watches import GivenWatch, said

UNKNOWN = "CJ assessment workflow failed: Unknown assignment_id 'x': missing instructions"


@pytest.mark.parametrize(
    ("text", "role", "why", "short"),
    [
        (UNKNOWN, Role.CJ, "CJ has no instructions for that assignment",
         ", as its assignment x is unknown"),
        (UNKNOWN.replace("'x'", "'eng5-2026-a'"), Role.CJ, "CJ has no instructions",
         ", as its assignment eng5-2026-a is unknown"),
        # What may be a person's is not told.
        (UNKNOWN.replace("'x'", "'anna-svensson'"), Role.CJ, "CJ has no instructions",
         ", as its assignment is unknown"),
        ("CJ assessment workflow failed: boom", Role.CJ, "Its own line says why", ""),
        (UNKNOWN, Role.LLM_PROVIDER, "", ""),
        ("Starting CJ assessment workflow.", Role.CJ, "", ""),
    ],
)  # fmt: skip
async def test_a_refused_request_is_told_with_why(
    text: str, role: Role, why: str, short: str
) -> None:
    logs = Followed((said(NOW, text, role=role),))
    detector = RequestsRefused(QuietSettings())
    found = (await played(detector, [GivenWatch(NOW, NOW - TICK, logs=logs)])).conditions
    assert [why in str(one.why) for one in found] == ([True] if why else [])
    for one in found:
        assert str(one.headline).startswith(f"CJ refused 1 request{short}")
        assert f"{NOW.isoformat()}{short}. Next: " in str(one.title)
