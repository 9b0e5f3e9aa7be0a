"""Every id that a person can read beside a finding or an alert is explained, and no other."""

from dataclasses import astuple

from bot.catalogue import entries, examples
from bot.catalogue.known import GROUPS
from bot.catalogue.links import help_line
from bot.domain.headline import MOST_CHARS
from bot.registry import detectors
from bot.text.privacy import said
from tests.catalogue.ids import told_ids

ITSELF = {"unreadable_source", "failed_detector", "missed_ticks", "late_messages", "storm"}
MOST = 240


def test_every_rule_of_the_code_has_an_entry_and_no_entry_is_left_over() -> None:
    assert told_ids() == set(entries())
    assert len(entries()) == sum(len(group) for _, group in GROUPS)


def test_every_entry_has_an_example() -> None:
    assert set(examples()) == set(entries())


def test_every_detector_opens_alerts_of_some_rule() -> None:
    assert {name for one in entries().values() for name in one.alerts} == {*detectors(), *ITSELF}


def test_an_entry_is_whole_and_short_enough_to_be_read() -> None:
    for one in entries().values():
        texts = (one.means, one.proved, one.unseen, one.do, one.since)
        assert all(text.endswith(".") and len(text) <= MOST for text in texts), one.rule
        assert len(one.means) <= MOST_CHARS, one.rule


def test_nothing_of_an_entry_or_an_example_is_hidden_by_the_border() -> None:
    told = [text for one in entries().values() for text in astuple(one) if isinstance(text, str)]
    told += [text for one in examples().values() for text in astuple(one)]
    assert [text for text in told if text and said(text) != text] == []


def test_an_id_without_an_entry_stands_as_it_is() -> None:
    assert (help_line("orphaned-item"), help_line("digest")) == ("/help orphaned-item", "digest")
