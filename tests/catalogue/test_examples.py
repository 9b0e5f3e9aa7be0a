"""What the catalogue shows as an example is what the code says now, of the same case."""

from bot.catalogue import examples
from tests.catalogue.examples import made


async def test_the_examples_are_what_the_code_says(database_url: str) -> None:
    """Stale ones are written anew by `python -m tests.catalogue`, then `make docs`."""
    found = await made(database_url)
    kept = {rule: {name: getattr(one, name) for name in found[rule]}
            for rule, one in examples().items()}  # fmt: skip
    assert found == kept


async def test_the_incident_s_own_causes_are_shown_by_the_recorded_night() -> None:
    real = {rule for rule, one in examples().items() if one.case.startswith("night of")}
    assert real >= {
        "errors-counted-as-done", "provider-failures", "bundle-collateral", "early-finalisation",
        "repeated-finalisation", "foreign-callback", "orphaned-item", "position-bias",
    }  # fmt: skip
