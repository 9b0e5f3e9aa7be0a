"""`/alerts` says what is open, and lets operators keep it quiet without typing long keys."""

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.alerts.policy.storm import STORM
from bot.alerts.self_monitoring.failed_detectors import FAILED_DETECTOR
from bot.alerts.self_monitoring.late_messages import LATE_MESSAGES
from bot.alerts.self_monitoring.missed_ticks import MISSED_TICKS
from bot.alerts.self_monitoring.unreadable_sources import UNREADABLE_SOURCE
from bot.cli.formats import Exit
from bot.cli.output import exit_code
from bot.diagnosis.alerts import OWN_DETECTORS
from bot.diagnosis.silences import silence_row, silenced, unsilenced
from bot.domain.alert import Alert, AlertState, Reason, Sample
from bot.domain.evidence import EvidenceLine
from bot.domain.mute import Mute, MuteKind
from bot.domain.report import Report, Verdict
from bot.domain.routing.message import AlertMessage
from bot.domain.words import words
from bot.errors import BatchbotError, DeniedError, NotFoundError, SourceError, UsageError
from bot.ports import Sources
from bot.slack.blocks.alert_buttons import offered
from bot.slack.blocks.renderer import BlockKit
from commands.alerts.command import COMMAND
from commands.alerts.request import parse
from tests.support.fakes.alerts import START, condition
from tests.support.fakes.sources import FakeMemory, context, down

NOW = START + timedelta(hours=1)
NAMES = {"U-ONCALL": "oncall"}


def alert(number: int, subject: str = "llm_provider", detector: str = "stuck_queue") -> Alert:
    """Return a firing alert."""
    found = condition(subject, evidence=(EvidenceLine("cj", START, "an error"),))
    key = f"{detector}/np/{subject}"
    return Alert(key, detector, "np", subject, AlertState.FIRING, found.severity, found,
                 START, START, START, number=number)  # fmt: skip


STUCK = alert(3)
LOST = alert(7, "34", "lost_callbacks")
OTHER = alert(12, "134", "lost_callbacks")
OVER = replace(alert(4, "35", "lost_callbacks"), state=AlertState.RESOLVED, resolved_at=START)


def memory_of(*alerts: Alert) -> FakeMemory:
    """Return a memory that holds these alerts."""
    some = alerts or (STUCK, LOST, OTHER, OVER)
    return FakeMemory(known={one.key: one for one in some})


async def ask(text: str, memory: FakeMemory | None, *, operator: bool = True) -> Report:
    """Run one command."""
    options = {"names": NAMES, "zone": ZoneInfo("Europe/Stockholm")}
    given = context(Sources(memory=memory), NOW, operator=operator, options=options)
    return await COMMAND.run(parse(text), given)


@pytest.mark.parametrize(
    ("text", "verb", "words"),
    [
        ("", "list", ()),
        ("List", "list", ()),
        ("list lost_callbacks", "list", ("lost_callbacks",)),
        ("ack #3", "ack", ("#3",)),
        ("acknowledge 3", "ack", ("3",)),
        ("snooze 3", "snooze", ("3",)),
        ("snooze 3 for 2h", "snooze", ("3", "2h")),
        ("snooze 3 until tomorrow", "snooze", ("3", "tomorrow")),
        ("mute *34* for 2h known, for now", "mute", ("*34*", "2h", "known,", "for", "now")),
        ("unmute lost_callbacks*", "unmute", ("lost_callbacks*",)),
        ("maintenance all 22:00..23:30 deploy", "maintenance", ("all", "22:00..23:30", "deploy")),
        ("history", "history", ()),
        ("export 3", "export", ("3",)),
    ],
)
def test_what_people_type_is_understood(text: str, verb: str, words: tuple[str, ...]) -> None:
    request = parse(text)
    assert (request.verb, request.words) == (verb, words)


@pytest.mark.parametrize(
    "text",
    ["lsit", "ack", "ack 3 4", "snooze", "snooze 3 soon", "list 3", "list a b", "unmute", "mute",
     "maintenance all", "maintenance all tonight", "history 3 4", "export", "ack 3 --force"],
)  # fmt: skip
def test_what_is_off_is_a_usage_error_with_the_ways_to_call(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert caught.value.usage


@pytest.mark.parametrize(
    ("text", "private"),
    [("ack 3", True), ("snooze 3 2h", True), ("list", False), ("export 3", False)],
)
def test_a_change_is_confirmed_to_its_maker_alone_since_the_thread_tells_the_rest(
    text: str, private: bool
) -> None:
    assert ("me" in parse(text).options) is private


@pytest.mark.parametrize("given", [STUCK, replace(STUCK, number=0)])
def test_every_button_of_an_alert_is_understood(given: Alert) -> None:
    for typed in offered(AlertMessage(given, Reason.OPEN, is_parent=True)):
        if typed.startswith("/alerts "):
            assert parse(typed.removeprefix("/alerts ")).words[0] in ("3", given.key)


async def test_the_list_shows_the_unattended_first_and_what_is_quiet_until_when() -> None:
    memory = memory_of(replace(LOST, acknowledged_by="U-ONCALL"), STUCK, OTHER, OVER)
    await ask("snooze 12 2h", memory)
    report = await ask("list", memory, operator=False)
    assert report.verdict is Verdict.ERROR
    assert [row["number"] for row in report.facts["alerts"]] == [3, 7, 12]
    assert [row["standing"] for row in report.facts["alerts"]] == [
        "firing", "acknowledged", "snoozed"]  # fmt: skip
    assert report.facts["alerts"][1]["acknowledged_by"] == "oncall"
    assert len(report.findings) == 1
    assert "U-ONCALL" not in json.dumps(report.as_json())


async def test_the_list_says_what_is_wrong_in_words_and_each_alert_once() -> None:
    ignored = replace(LOST, condition=condition("34", headline="Batch 34 lost 3 callbacks"))
    held = replace(STUCK, condition=replace(STUCK.condition, headline="LLM queue stuck"))
    report = await ask("list", memory_of(held, ignored, replace(OTHER, acknowledged_by="U-ONCALL")))
    assert report.headline == "3 alerts are open: nobody looks after 2 of them"
    (table,) = report.tables
    assert [row[:3] for row in table.rows[:2]] == [
        ("🔴", "#3", words("LLM queue stuck")), ("🔴", "#7", words("Batch 34 lost 3 callbacks")),
    ]  # fmt: skip
    assert [row[-1] for row in table.rows] == ["", "", "by oncall"]
    shown = BlockKit().report(report)
    screen = str([one for one in shown["blocks"] if one["type"] != "container"])
    assert screen.count("Batch 34 lost 3 callbacks") == 1
    assert "/np/" not in screen
    assert STUCK.key in str(shown["blocks"])
    assert "Acknowledge #7" in screen


async def test_one_alert_alone_is_said_once() -> None:
    held = replace(STUCK, condition=replace(STUCK.condition, headline="LLM queue stuck"))
    shown = BlockKit().report(await ask("list", memory_of(held)))
    screen = str([one for one in shown["blocks"] if one["type"] != "container"])
    assert screen.count("LLM queue stuck") == 1


async def test_nothing_open_is_ok() -> None:
    report = await ask("", memory_of(OVER))
    assert (report.verdict, report.summary) == (Verdict.OK, "No alert is open.")


@pytest.mark.parametrize(
    "word", ["3", "#3", "stuck_queue/np/llm_provider", "LLM_provider", "queue"]
)
async def test_an_alert_is_named_by_number_or_any_part_that_only_it_has(word: str) -> None:
    memory = memory_of()
    report = await ask(f"ack {word}", memory)
    assert report.facts["key"] == STUCK.key
    assert memory.known[STUCK.key].acknowledged_by == "U-ONCALL"


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("ack lost_callbacks", UsageError, "#7"),
        ("ack 34", NotFoundError, "no alert 34"),
        ("ack 99", NotFoundError, "no alert 99"),
        ("ack 4", NotFoundError, "open"),
        ("snooze 99 2h", NotFoundError, "99"),
        ("unmute all", NotFoundError, "Nothing silences"),
        ("history nothing", NotFoundError, "nothing"),
        ("list nothing", NotFoundError, "No alert of a detector nothing is open"),
    ],
)
async def test_an_unknown_or_ambiguous_name_is_said_in_words(
    text: str, error: type[BatchbotError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await ask(text, memory_of())


async def test_a_name_that_may_be_anything_is_not_repeated() -> None:
    typed = "JagminnssommarenhosmormorvidsjönDetvarfint"
    with pytest.raises(NotFoundError) as raised:
        await ask(f"history {typed}", memory_of())
    assert "mormor" not in str(raised.value)


@pytest.mark.parametrize(
    "text", ["ack 3", "snooze 3 2h", "mute all", "unmute all", "maintenance all now..2h"]
)
async def test_changes_are_operators_only(text: str) -> None:
    with pytest.raises(DeniedError):
        await ask(text, memory_of(), operator=False)
    assert parse(text).verb in COMMAND.operator_verbs


async def test_a_second_acknowledgement_names_the_first() -> None:
    memory = memory_of(replace(STUCK, acknowledged_by="U-OTHER", acknowledged_at=START))
    report = await ask("ack 3", memory)
    assert "an operator looks after it since 2025-11-18T23:48" in report.summary


async def test_tomorrow_is_eight_in_the_zone_of_the_logs() -> None:
    report = await ask("snooze 3 tomorrow", memory_of())
    assert report.as_json()["facts"]["until"] == "2025-11-19T07:00:00+00:00"


async def test_a_mute_covers_a_pattern_until_it_is_ended() -> None:
    memory = memory_of()
    report = await ask("mute lost_callbacks* 2h deploying now", memory)
    assert report.facts["covers"] == [LOST.key, OTHER.key]
    (mute,) = memory.silences
    assert (mute.until, mute.reason) == (NOW + timedelta(hours=2), "deploying now")
    assert (await ask("unmute LOST_callbacks*", memory)).facts["ended"] == 1


async def test_a_mute_without_a_time_lasts_and_a_number_stands_for_its_key() -> None:
    memory = memory_of()
    await ask("mute 3 known", memory)
    assert [(mute.pattern, mute.until) for mute in memory.silences] == [(STUCK.key, None)]
    await ask("unmute 3", memory)
    assert memory.silences == []


async def test_a_maintenance_window_begins_later() -> None:
    memory = memory_of()
    await ask("maintenance all 03:00..04:30 deploy", memory)
    (mute,) = memory.silences
    assert mute.kind is MuteKind.MAINTENANCE
    assert not mute.covers(STUCK.key, NOW)
    assert mute.covers(STUCK.key, NOW + timedelta(hours=2))
    assert not mute.covers(STUCK.key, NOW + timedelta(hours=3))


async def test_history_tells_who_did_what() -> None:
    memory = memory_of()
    await ask("ack 3", memory)
    await ask("snooze 7 2h", memory)
    assert [entry.service for entry in (await ask("history", memory)).timeline] == [
        LOST.key, STUCK.key]  # fmt: skip
    (entry,) = (await ask("history 3", memory)).timeline
    assert str(entry.text).startswith("acknowledge by oncall")


async def test_an_export_is_a_zip_with_samples_and_redacted_lines() -> None:
    memory = memory_of()
    memory.samples = {"stuck_queue": (Sample(START, {"size": 1}), Sample(NOW, {}, "redis: down"))}
    report = await ask("export 3", memory)
    (file,) = report.attachments
    with zipfile.ZipFile(io.BytesIO(file.content)) as archive:
        assert archive.namelist() == ["cj.log", "samples.jsonl"]
        head, *samples = [json.loads(line) for line in archive.read("samples.jsonl").splitlines()]
    assert head["export"]["key"] == STUCK.key
    assert [one["sample"]["unreadable"] for one in samples] == ["", "redis: down"]


async def test_samples_that_are_gone_are_said_to_be_gone() -> None:
    with pytest.raises(SourceError, match="not kept any more"):
        await ask("export 3", memory_of())


@pytest.mark.parametrize("memory", [None, FakeMemory(error=down("memory"))])
async def test_without_its_database_it_says_so(memory: FakeMemory | None) -> None:
    with pytest.raises(SourceError):
        await ask("list", memory)


FOLDED = [replace(alert(n, str(n), "lost_callbacks"), fold="storm/np/x") for n in range(40, 80)]


async def test_alerts_of_a_storm_are_counted_and_listed_one_by_one_only_when_asked_for() -> None:
    memory = memory_of(STUCK, LOST, *FOLDED)
    report = await ask("list", memory)
    assert [row["number"] for row in report.facts["alerts"]] == [3, 7]
    assert report.facts["total"] == 42
    told = "40 more alerts are told together with another: /alerts list lost_callbacks"
    assert told in report.summary
    report = await ask("list Lost_Callbacks", memory)
    assert [row["number"] for row in report.facts["alerts"]] == [7, *range(40, 80)]
    assert [row[-1] for row in report.tables[0].rows[:2]] == ["", "told with another"]
    assert (report.title, report.facts["total"]) == ("Alerts of lost_callbacks", 41)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (STUCK, "Its end is told all the same."),
        (replace(STUCK, fold="storm/np/x"), "its own end is in /alerts history 3."),
        (replace(STUCK, state=AlertState.PENDING), "It is not said yet"),
    ],
    ids=["firing", "folded", "pending"],
)
@pytest.mark.parametrize("change", ["ack 3", "snooze 3 2h"])
async def test_a_change_is_confirmed_with_where_the_alert_s_end_is_told(
    given: Alert, words: str, change: str
) -> None:
    assert words in (await ask(change, memory_of(given))).summary


async def test_the_question_before_a_silence_repeats_no_name_of_a_person() -> None:
    report = await ask("mute stuck_queu 2h elev Anna Svensson", FakeMemory())
    assert "Svensson" not in repr(report)
    assert report.actions[1].startswith("/alerts mute stuck_queu 2h")


async def test_a_silence_on_what_no_alert_is_called_asks_first() -> None:
    memory = memory_of()
    report = await ask("mute stuck_queu 2h deploying", memory)
    assert report.actions == (
        "/alerts mute stuck_queue 2h deploying",
        "/alerts mute stuck_queu 2h deploying --yes",
    )
    assert memory.silences == []
    # Nothing was done: a script learns it from the exit code, and a person reads it once.
    assert exit_code(report) is Exit.USAGE
    told = " ".join((str(report.headline), str(report.title), str(report.summary)))
    assert told.count("no alert so far is called") == told.count("stuck_queu.") == 1
    for line in report.actions:
        await ask(line.removeprefix("/alerts "), memory)
    assert [mute.pattern for mute in memory.silences] == ["stuck_queue", "stuck_queu"]


@pytest.mark.parametrize(
    "told", ["2h ran apt --yes tonight", "ran apt --yes and went --here home", "2h --yes means me"]
)
async def test_a_yes_within_a_silence_s_reason_is_a_word_of_it(told: str) -> None:
    memory = memory_of()
    report = await ask(f"mute stuck_queu {told}", memory)
    assert memory.silences == []
    assert report.actions[1] == f"/alerts mute stuck_queu {told} --yes"
    await ask(report.actions[1].removeprefix("/alerts "), memory)
    assert [mute.reason for mute in memory.silences] == [told.removeprefix("2h ")]


@pytest.mark.parametrize("typed", ["mute x --yes 2h why", "mute --yes x 2h", "mute x 2h why --yes"])
def test_a_yes_before_or_behind_a_silence_s_reason_is_an_option(typed: str) -> None:
    assert parse(typed).options["yes"] == "yes"


@pytest.mark.parametrize("pattern", ["stuck_queue", "all", "*34*", "unreadable_source", "3"])
async def test_a_silence_on_what_an_alert_is_or_may_be_called_needs_no_question(
    pattern: str,
) -> None:
    memory = memory_of()
    await ask(f"mute {pattern} 2h", memory)
    assert len(memory.silences) == 1


def test_the_bot_s_own_detectors_may_be_muted_by_name() -> None:
    own = (FAILED_DETECTOR, LATE_MESSAGES, MISSED_TICKS, STORM, UNREADABLE_SOURCE)
    assert own == OWN_DETECTORS


def test_others_read_of_a_typed_pattern_what_passes_the_border() -> None:
    mute = Mute("stuck_queue/test/Lova-Sandberg*", NOW)
    told = [str(silenced(mute, []).title), str(unsilenced(mute.pattern, 1).title)]
    told += [str(cell) for cell in silence_row(mute, NOW, {})]
    assert not any("Sandberg" in text for text in told)
    assert "stuck_queue/*" in str(unsilenced("stuck_queue/*", 1).title)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("note 2 put it back, then restarted the worker", "put it back, then restarted the worker"),
        ("note #2 CPU at 100%: 'worker' killed!", "CPU at 100%: 'worker' killed!"),
        ("Note 2 scaled a*b - twice --here", "scaled a*b - twice"),
        ("note 2 docker logs -f --since 5m cj", "docker logs -f --since 5m cj"),
        ("note 2 ran it with --tail=5 --HERE", "ran it with --tail=5"),
        ("note 2 ran it with --here --tail=5", "ran it with --here --tail=5"),
    ],
)
def test_a_note_keeps_a_persons_words_as_typed(typed: str, kept: str) -> None:
    assert " ".join(parse(typed).words[1:]) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mute stuck_queue 2h we know, 'it' waits", "2h we know, 'it' waits"),
        ("mute stuck_queue for 2h we know. --yes", "2h we know."),
        ("mute stuck_queue VALUES (17, 'her words')", "VALUES (17, 'her words')"),
        ("mute stuck_queue", ""),
        ("maintenance all 22:00..23:30 VALUES (17, 'hers')", "22:00..23:30 VALUES (17, 'hers')"),
        ("maintenance all from 22:00..23:30", "22:00..23:30"),
    ],
)
def test_a_reason_keeps_the_quotes_by_which_data_is_known(typed: str, kept: str) -> None:
    assert " ".join(parse(typed).words[1:]) == kept
