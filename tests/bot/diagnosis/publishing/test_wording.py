import pytest

from bot.diagnosis.publishing.memory import Fate
from bot.diagnosis.publishing.wording import what
from tests.support.grammar import disagreements


@pytest.mark.parametrize("blocked", [True, False])
@pytest.mark.parametrize("fate", [one for one in Fate if one is not Fate.DELIVERED])
def test_one_answer_is_said_in_the_singular_and_several_in_the_plural(
    fate: Fate, blocked: bool
) -> None:
    one, three = what({fate: 1}, blocked=blocked), what({fate: 3}, blocked=blocked)
    assert not list(disagreements(one))
    assert one.startswith("1 answer ")
    assert three.startswith("3 answers ")
    assert not any(word in one for word in (" wait ", " were ", " they "))
    assert not any(word in three for word in (" waits ", " was ", " it "))


def test_what_waits_beside_what_is_lost_agrees_with_its_own_number() -> None:
    told = what({Fate.DROPPED: 1, Fate.REFUSED: 2}, blocked=False)
    assert told == (
        "1 answer was dropped: Kafka refused it each time; "
        "2 answers that Kafka refused wait in the LLM provider's memory."
    )
