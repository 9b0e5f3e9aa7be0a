"""What people type into `batchbot ask`: each mistake gets a sentence that says what to do."""

import pytest

from bot.cli import ask
from bot.errors import UsageError

UUID = "8a6d3ded-7dd4-4934-a231-15cfebf3ebbc"
URL = "https://huleedu.slack.com/archives/C012AB3CD/p1715500000123456"
MEANT = [
    ("/batch 34", "/batch 34"),
    ("batch 34?", "/batch 34"),
    ("/BATCH STATUS 34", "34"),
    ('/batch status "34"', "34"),
    ("/batch status batch 34", "34"),
    ("/batch status 34 please", "34"),
    ("/batch investigate batch #34", "34"),
    ("2026-05-12 08:09:17 [error    ] Failed scoring finalization: boom batch_id=42", "42"),
]
WRONG = [
    ("/batch staus 34", "Did you mean status?", "/batch status 34"),
    ("/batch investigat 34", "Did you mean investigate?", "/batch investigate 34"),
    ("/btach status 34", "Did you mean /batch status 34?", "/batch status 34"),
    ("/batch status", "Such as /batch status 34", ""),
    ("/batch status 34 35", "/batch compare 34 35", "/batch status 34"),
    ("/batch status 34 35 36", "Ask /batch status 34 or /batch status 35", "/batch status 34"),
    ("/batch status 2026-05-12 08:09:17 boom", "Such as /batch status 34", ""),
    ("/batch status 🔥", "Such as /batch status 34", ""),
    ("/batch status -5", "-5 is no id", ""),
    (f"/batch status {URL}", "is no id", ""),
    ("/batch compare 34", "Such as /batch compare 33 34", ""),
    ("/batch list 500", "shows 1 to 50 batches", ""),
    ("/batch list --since kl7", "Write 2h, 3d, 23:10", ""),
    ("/batch list --sinse 07:00", "Did you mean --since?", "/batch list --since 07:00"),
    ("/batch trends --by mdoel", "Did you mean model?", ""),
    ("/batch status 34 --since yesterday", "--since goes with", ""),
    ("/trace", "Such as /trace", ""),
    (f"/trace 8f3a11d7 {UUID}", "takes one id, not 2 words", ""),
    ("/queue stuck", "Type /queue alone", ""),
    ("/queue 34", "Type /queue alone", ""),
    ("/logs", "needs a service and a text", ""),
    ("/logs cj", "What to look for in cj?", ""),
    ("/logs cj error --level bad", "debug, info, warning, error, critical", ""),
    ("/changes soon", "Write 2h, 3d, 23:10", ""),
    ("/alerts ack", "Such as /alerts ack 3", ""),
    ("/alerts lsit", "Did you mean list?", "/alerts list"),
    ("/runner stop", "Such as /runner stop", ""),
    ("/help orphan", "Did you mean orphaned-item?", "/help orphaned-item"),
    ("/foo", "/help shows all", ""),
    ("🔥🔥🔥", "Ask like: why is batch 34 stuck?", "/batch list"),
    ("34", "what is asked about it", "/batch status 34"),
    (URL, "I open no link: paste", "/batch list"),
    (f"<{URL}>", "I open no link: paste", "/batch list"),
    ("Traceback (most recent call last):", "Nothing was run", "/batch list"),
    (
        f'{{"event":"Failed","batch_id":42,"correlation_id":"{UUID}"}}',
        "42",
        "/batch investigate 42",
    ),
    ("/batch status " + "1 " * 80, "at most 60", ""),
    ("/batch status " + "x" * 5_000, "at most 3,000", ""),
    ("drop table batches; --", "I change nothing", "/batch list"),
    ("what", "Ask like: why is batch 34 stuck?", "/help"),
    ("-h", "Ask like: why is batch 34 stuck?", "/help"),
]


@pytest.mark.parametrize(("line", "meant"), MEANT)
def test_what_is_meant_all_the_same_is_answered(line: str, meant: str) -> None:
    asked = ask.understand(line)
    assert meant in (asked.typed, *asked.request.words)


@pytest.mark.parametrize(("line", "told", "offer"), WRONG, ids=[one[0][:40] for one in WRONG])
def test_what_is_wrong_is_told_with_a_way_on(line: str, told: str, offer: str) -> None:
    with pytest.raises(UsageError) as raised:
        ask.understand(line)
    error = raised.value
    assert told in f"{error.message} {error.hint}"
    assert error.hint or error.usage
    assert not offer or offer in error.offers
    for one in error.offers:
        ask.understand(one)
