"""Known words show only in an order in which software writes them."""

import pytest

from bot.border.language.known_runs import SHORT, is_operations
from bot.border.language.tokens import tokens_of
from bot.border.language.vocabulary import everyday, known_runs, vocabulary
from bot.border.passing import Passed, let_out
from tests.attack.harvest import BY_HAND, runs_of_templates

HEADS = ("", "Request failed: ", "Provider returned ", "reason=", "Job failed - ", "Retrying, ")
# Of people, on systems and in the words of services.
SENTENCES = (
    "a container is a reference to another object",
    "the first object of each item becomes a key in the new dictionary",
    "it is not a source of power",
    "he says that the server of the state is a machine",
    "the class of a class is known as that class",
    "A CONTAINER IS A REFERENCE TO ANOTHER OBJECT",
    "systems that produce errors never report the exception",
    "the queue of the people outside was full of hope",
    "if either bound is negative the length is added to it",
)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_of_words_of_services_goes_wherever_it_stands(sentence: str) -> None:
    for head in HEADS:
        shown = let_out(f"{head}{sentence}", 1_000).text.removeprefix(head)
        words = sentence.split()
        runs = [" ".join(words[at : at + 3]) for at in range(len(words) - 2)]
        assert not [run for run in runs if run in shown]


@pytest.mark.parametrize(
    "text",
    [
        "Health check failed for anthropic",
        "The lock is held by another process",
        "Could not find a free port",
        "Batch 34 avbröts efter 5 försök",
        "worker queue latency threshold exceeded",
        "circuit breaker state changed to open",
    ],
)
def test_what_software_writes_or_is_of_words_of_services_alone_stays(text: str) -> None:
    assert let_out(text) == Passed(text)


def test_one_part_of_a_system_may_stand_for_another_and_no_other_word_may() -> None:
    for part in ("port", "socket", "node"):
        assert let_out(f"Could not find a free {part}").replaced == 0
    assert let_out("Could not find a free home").text == "…"


def test_an_order_ends_with_a_sentence_and_at_what_is_filled_in() -> None:
    assert is_operations(tokens_of("connection refused. This should not happen"))
    assert is_operations(tokens_of('could not open file "x" for reading'))


def test_each_text_read_by_hand_is_in_a_known_order() -> None:
    read = BY_HAND.read_text(encoding="utf-8").replace("#", "0")
    assert set(runs_of_templates([read])) <= set(known_runs())


def test_words_in_no_order_are_hidden_from_the_fourth_on() -> None:
    words = sorted(word for word in everyday() & vocabulary() if len(word) > 3)[::17]
    for start in range(0, len(words) - SHORT, SHORT):
        run = " ".join(words[start : start + SHORT])
        assert not set(run.split()) & set(let_out(f"failed: {run}").text.split())
