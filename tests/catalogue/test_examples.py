"""What the catalogue shows as an example is what the code says now, of the same case."""

from collections import Counter

from bot.catalogue import examples
from tests.catalogue.examples import made


async def test_the_examples_are_what_the_code_says(database_url: str) -> None:
    """Stale ones are written anew by `python -m tests.catalogue`, then `make docs`."""
    found = await made(database_url)
    kept = {rule: {name: getattr(one, name) for name in found[rule]}
            for rule, one in examples().items()}  # fmt: skip
    assert found == kept


def test_each_example_says_whether_it_was_seen_or_rebuilt_or_simulated() -> None:
    words = Counter(one.case.split(",")[0].split(" ")[0] for one in examples().values())
    assert words.keys() == {"seen", "rebuilt", "simulated"}


async def test_what_services_that_ran_show_is_shown_by_them() -> None:
    seen = {rule for rule, one in examples().items() if one.case.startswith("seen on 2026-02-10")}
    assert seen >= {"answers-missing", "batch-failed", "content-missing", "retries-rising"}


async def test_the_incident_s_own_causes_are_shown_by_the_rebuilt_night() -> None:
    real = {rule for rule, one in examples().items() if one.case.startswith("rebuilt, night of")}
    assert real >= {
        "errors-counted-as-done", "provider-failures", "bundle-collateral", "early-finalisation",
        "repeated-finalisation", "foreign-callback", "orphaned-item", "position-bias",
    }  # fmt: skip
