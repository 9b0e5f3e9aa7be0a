"""Sentences of people are told from lines of services by how everyday their words are."""

import errno
import os
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.border.language.vocabulary import everyday, key_words, vocabulary
from bot.border.passing import Passed, let_out
from bot.border.words import SHORT

# What says yes or no behind a key is shown.
SYSTEMS = key_words("of_a_system")
PLAIN = sorted(word for word in everyday() - SYSTEMS - {"none", "true", "false"} if len(word) > 1)
RARE = sorted(vocabulary() - everyday())
ID = "8f3a11d7-9411-4ca2-9999-59a9d18c5da9"


def words_of(shown: str) -> set[str]:
    return set(re.findall(r"[a-z]{2,}", shown.lower()))


@given(st.integers(), st.integers(SHORT, 60), st.sampled_from([" ", ", ", " and (", '" "']))
def test_a_sentence_of_everyday_words_shows_its_ids_alone(seed: int, size: int, sign: str) -> None:
    chosen = random.Random(seed).sample(PLAIN, size)
    told = sign.join(chosen)
    behind = let_out(f"batch failed; correlation={ID} {told}", 10_000).text
    assert words_of(behind) <= {"batch", "failed", "correlation"} | words_of(ID)
    shown = let_out(f"batch failed: {told} {ID}", 10_000).text
    assert words_of(shown) <= {"batch", "failed"} | words_of(ID)
    assert shown.startswith("batch failed: ")


def test_a_run_of_which_some_are_words_of_services_is_no_sentence() -> None:
    for text in (
        "Your credit balance is too low to access the Anthropic API",
        "You exceeded your current quota",
        "Name or service not known",
        "connection was closed in the middle of operation",
    ):
        assert let_out(text) == Passed(text)


@pytest.mark.parametrize("part", sorted(SYSTEMS & vocabulary()))
def test_a_run_that_names_what_systems_alone_have_is_no_sentence(part: str) -> None:
    for text in (f"could not find a free {part}", f"the {part} is held by another process"):
        assert let_out(text) == Passed(text)
        assert part not in let_out(f"{text} and my mother is dead").text


def test_a_run_with_a_part_by_name_or_a_time_with_its_unit_is_no_sentence() -> None:
    for text in (
        "it is recommended to set max_connections to at least 100",
        "The operation did not complete within the allocated time of 30s",
        "student essay count 16 does not match expected count 18",
    ):
        assert let_out(text) == Passed(text)


def test_a_line_of_the_services_fills_its_places_with_ids_and_numbers_alone() -> None:
    text = "Performing spell check for essay"
    assert let_out(f"{text} {ID}") == Passed(f"{text} {ID}")
    assert "family" not in let_out(f"{text} family and work").text


def test_what_a_judge_or_a_prompt_says_of_texts_is_a_sentence() -> None:
    for text in (
        "Compare content, structure, language and errors",
        "Grade by structure, content and errors",
        "B has more errors than A",
        "Too many errors in the second text",
    ):
        assert not words_of(let_out(text).text)


@pytest.mark.parametrize("head", ["", "Request failed: ", "Skipping: "])
def test_a_sentence_on_essays_or_people_goes_however_many_words_of_services_it_holds(
    head: str,
) -> None:
    for text in (
        "Essay A fails to address the prompt and is off topic",
        "Essay B responds to the question",
        "both are incomplete",
        "Both essays address the topic but",
        "the response is not on topic",
        "The second one is invalid because it is empty",
        "You must return only valid JSON with the winner",
        "matches the assessment criteria",
        "The student has not completed the assignment",
        "Parent requested that the grade be changed",
        "I received a letter from the queue",
        "we started the worker when he failed",
        "All of them were rejected",
    ):
        assert let_out(head + text).text == f"{head}…"


def test_an_errors_class_stays_beside_a_sentence() -> None:
    shown = let_out("call failed: user_prompt='My summer in Malmo' (IntegrityError)").text
    assert shown == "call failed: user_prompt=… (IntegrityError)"


def test_what_a_service_says_of_an_essay_a_student_or_a_topic_stays() -> None:
    for text in (
        "Essay 7 of batch 33 failed",
        "student essay count 16 does not match expected count 18",
        "message on topic huleedu.cj failed",
        "Health check failed for anthropic",
        "2 replicas failed to start",
        "callback published after 5 min of waiting",
    ):
        assert let_out(text) == Passed(text)


def test_three_everyday_words_are_a_sentence_unless_they_are_a_verdict_or_tell_a_number() -> None:
    for text in ("Lost in time", "Left without help", "Both are wrong"):
        assert let_out(text) == Passed("…", 1)
    for text in ("secret not found", "moved to page 2"):
        assert let_out(text) == Passed(text)


def test_a_word_said_again_and_again_is_no_sentence() -> None:
    assert let_out("ok " * 20).replaced == 0


def test_everyday_words_are_some_of_the_known_ones_and_the_words_for_people() -> None:
    people = {"i", "my", "me", "he", "she", "his", "her", "him", "we", "us", "our", "am", "mine"}
    people |= {"they", "them", "hers", "ours", "theirs", "myself", "himself", "herself", "a", "s"}
    people |= {"jag", "du", "han", "hon", "vi", "ni", "min", "mitt", "mina", "din", "dig", "mig"}
    people |= {"oss", "dem", "sin", "sitt", "sina", "sig", "man"}
    assert everyday() - vocabulary() <= people
    assert len(RARE) > 2 * len(PLAIN)


@pytest.mark.parametrize("sentence", [os.strerror(number) for number in sorted(errno.errorcode)])
def test_an_error_of_the_system_is_shown_word_for_word(sentence: str) -> None:
    for text in (f"[Errno 28] {sentence}", f"OSError: {sentence}: 'x'"):
        assert sentence in let_out(text).text


def test_what_is_added_to_a_known_sentence_is_judged() -> None:
    known = "Your credit balance is too low to access the Anthropic API"
    assert let_out(f"{known}: Lova sprang hem").text == f"{known}: …"
    assert "family" not in let_out(f"{known}: I have no family").text
