"""What the model's provider answered is named, by rows and lines of either revision's format."""

import json
import re
from pathlib import Path

import pytest

from tests.population.adversary.measure import judged

# One case for each answer and revision; LOST are those whose 529 is made a lost connection here.
LOST = ("provider-529-2", "then-provider-529-ansi")
CASES = ("real-08", "real-10", "then-provider-429-json", "then-provider-529-plain", *LOST)
_529 = re.compile(
    r"529, message='.*?', url='[^']*'|Anthropic API error: 529 - \{.*?\}\}|529, message=.*?\}\}'?"
)
DISCONNECTED = "Server disconnected"


def lose_connections(folder: Path) -> None:
    """Write a lost connection in place of each 529, as the services do; the rows hold no cause."""
    for case in LOST:
        for path in (folder / case / "logs").glob("*provider*.log"):
            lines = path.read_text(encoding="utf-8").split("\n")
            kept = (line for line in lines if "Anthropic API failure: 529" not in line)
            path.write_text("\n".join(_529.sub(DISCONNECTED, one) for one in kept), "utf-8")
        rows = json.loads((folder / case / "rows.json").read_text(encoding="utf-8"))
        for pair in rows["tables"]["cj_comparison_pairs"]:
            if pair["error_details"]:
                pair["error_details"] = {"provider": "anthropic"}
        (folder / case / "rows.json").write_text(json.dumps(rows), encoding="utf-8")
        truth = json.loads((folder / case / "truth.json").read_text(encoding="utf-8"))
        truth |= {"wanted": ["(?i)provider-failures.*connection"], "never_say": ["529|overload"]}
        (folder / case / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


@pytest.mark.marathon
async def test_429_529_and_lost_connections_are_named_at_both_revisions() -> None:
    found = {one.name: one.wrongs async for one in judged(CASES, change=lose_connections)}
    assert found == dict.fromkeys(CASES, ())
