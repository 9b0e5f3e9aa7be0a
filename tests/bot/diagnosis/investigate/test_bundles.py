from datetime import UTC, datetime, timedelta
from uuid import UUID

from bot.diagnosis.comparison.log_events import clue_of
from bot.diagnosis.investigate.bundles import bundles_of
from bot.domain.log import LogEvent, Role

BEGAN = datetime(2026, 2, 10, 9, 0, tzinfo=UTC)
OURS = [str(UUID(int=number)) for number in range(1, 7)]
THEIRS = str(UUID(int=99))


def line(second: int, event: str, container: str = "llm", **fields: object) -> LogEvent:
    at = BEGAN + timedelta(seconds=second)
    return LogEvent(
        at, "llm_provider_service", container, Role.LLM_PROVIDER, "info", event,
        fields=fields, text=event,
    )  # fmt: skip


def dispatch(second: int, size: int, container: str = "llm") -> LogEvent:
    return line(second, "serial_bundle_dispatch", container, bundle_size=size)


def answer(second: int, id: str, how: str, container: str = "llm") -> LogEvent:
    queue = str(UUID(int=UUID(id).int + 1000))
    said = {
        "ok": f"Request {queue} completed successfully, correlation_id: {id}",
        "failed": f"Request {queue} failed: Anthropic API call failed, correlation_id: {id}",
        "back": f"Requeueing request {queue}, correlation_id: {id}",
    }
    return line(second, said[how], container)


def facts(*events: LogEvent) -> list[dict[str, object]]:
    found = [one.as_fact() for one in bundles_of(events, clue_of, frozenset(OURS))]
    return [{key: value for key, value in one.items() if key != "at"} for one in found]


def test_an_answer_belongs_to_the_last_dispatch_before_it() -> None:
    told = facts(
        dispatch(0, 2), answer(1, OURS[0], "failed"), answer(1, OURS[1], "failed"),
        dispatch(2, 2), answer(3, OURS[2], "ok"),
    )  # fmt: skip
    assert told == [
        {"size": 2, "failed": 2},
        {"size": 2, "answered": 1, "unseen": 1},
    ]


def test_what_was_sent_back_stands_in_both_of_its_bundles() -> None:
    told = facts(
        dispatch(0, 1), answer(1, OURS[0], "back"), dispatch(2, 1), answer(3, OURS[0], "ok")
    )
    assert told == [{"size": 1, "requeued": 1}, {"size": 1, "answered": 1}]


def test_another_batchs_bundles_are_left_out_and_a_shared_one_counts_ours_alone() -> None:
    told = facts(
        dispatch(0, 4), answer(1, THEIRS, "ok"),
        dispatch(2, 4), answer(3, OURS[0], "ok"), answer(3, THEIRS, "ok"),
        dispatch(4, 4), answer(5, THEIRS, "failed"),
        dispatch(6, 1), answer(7, OURS[1], "ok"),
    )  # fmt: skip
    assert told == [{"size": 1, "answered": 1}, {"size": 1, "answered": 1}]


def test_each_container_works_its_own_bundles_off() -> None:
    told = facts(
        dispatch(0, 1, "llm-1"), dispatch(0, 1, "llm-2"),
        answer(1, OURS[0], "failed", "llm-1"), answer(2, OURS[1], "ok", "llm-2"),
    )  # fmt: skip
    assert told == [{"size": 1, "failed": 1}, {"size": 1, "answered": 1}]


def test_requests_without_a_dispatch_are_bundles_of_one() -> None:
    assert facts(answer(1, OURS[0], "ok"), answer(2, OURS[1], "failed")) == [
        {"size": 1, "answered": 1},
        {"size": 1, "failed": 1},
    ]


def test_lines_of_nobody_we_know_make_no_bundle() -> None:
    assert facts(dispatch(0, 8), answer(1, THEIRS, "ok")) == []
