"""Services and levels are named as people name them."""

import pytest

from bot.text.log_words import levels_from, service_words, services_named
from tests.support.fakes.sources import CJ, LPS, RUNNER, SERVICES


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("cj", (CJ.name,)),
        ("lps", (LPS.name,)),
        ("LLM", (LPS.name,)),
        ("llm-provider-service", (LPS.name,)),
        ("eng5", (RUNNER.name,)),
        ("service", (CJ.name, LPS.name)),
        ("all", ()),
        ("zz", None),
        ("", None),
    ],
)
def test_a_word_names_services(word: str, names: tuple[str, ...] | None) -> None:
    assert services_named(word, SERVICES) == names


def test_no_service_configured_knows_only_all() -> None:
    assert service_words(()) == ("all",)
    assert services_named("cj", ()) is None


@pytest.mark.parametrize(
    ("word", "levels"),
    [
        ("error", ("error", "critical")),
        ("Warn", ("warning", "error", "critical")),
        ("fatal", ("critical",)),
        ("loud", None),
    ],
)
def test_a_level_takes_the_worse_ones_with_it(word: str, levels: tuple[str, ...] | None) -> None:
    assert levels_from(word) == levels
