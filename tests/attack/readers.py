"""What reads each kind of hostile input: the bot's own readers, on files, messages and sockets."""

import asyncio
import hashlib
import hmac
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from bot.border.outside import let_out_all
from bot.border.passing import let_out
from bot.diagnosis.evidence.log_lines import shown_line
from bot.diagnosis.logs import MAX_SHOWN
from bot.domain.callbacks.contract import seen_of
from bot.domain.evidence import TOPIC
from bot.domain.ids import label_of_request
from bot.domain.log import LogQuery
from bot.domain.mute import Mute
from bot.errors import BatchbotError
from bot.monitoring.http import Health, build_site, serve
from bot.replay.files import SAMPLES, opened, sample_lines
from bot.replay.logs import Tally, merged
from bot.settings.services import HULEEDU_SERVICES
from bot.slack.inbound.listeners import BoltReceiver
from bot.slack.inbound.signed_posts import SignedPosts
from bot.sources.log_files import LogFiles
from bot.sources.redis.item import item_of
from tests.attack.ways import AT, events_of
from tests.support.slack.bot import running_bot

Reader = Callable[[Any], object]
SECRET = "attack"
# Taken, not understood, of no listener, too large; never an error of ours.
ANSWERED = (200, 400, 404, 413)
PATH = "/slack/events"
FORM = "application/x-www-form-urlencoded"
# A connection whose headers are hostile is answered or ended at once.
RAW_SECONDS = 10.0


def read_line(value: str | bytes, head: str = "") -> None:
    """Read a line as `/logs` does: parse all of it, show the newest events."""
    for event in deque(events_of(head + _text(value)), maxlen=MAX_SHOWN):
        shown_line(event)


def read_topic(value: str | bytes) -> None:
    """Read a message of either topic as the Kafka reader does, and show what it told."""
    message = value if isinstance(value, bytes) else value.encode("utf-8", "replace")
    let_out_all((seen_of(message, AT), label_of_request(message, AT, TOPIC)))


def read_archive(value: bytes) -> None:
    """Replay a recording, and search it as a rotated log, alone and among what a zip holds."""
    with tempfile.TemporaryDirectory(prefix="batchbot-attack-") as made:
        packed = Path(made, "recording.zip")
        packed.write_bytes(value)
        folder = Path(made, "logs")
        folder.mkdir()
        (folder / "huleedu_cj_assessment_service.log.gz").write_bytes(value)
        with suppress(BatchbotError), opened(packed) as unpacked:
            _replayed(unpacked)
        _replayed(folder)
        asyncio.run(_searched(folder))


def _replayed(folder: Path) -> None:
    with suppress(BatchbotError):
        sample_lines(folder / SAMPLES, UTC)
        deque(merged(folder, HULEEDU_SERVICES, UTC, Tally()), maxlen=1)


async def _searched(folder: Path) -> None:
    with suppress(BatchbotError):
        await LogFiles(folder, HULEEDU_SERVICES, UTC).search(LogQuery(any_of=("nobody wrote",)))


def read_form(value: str) -> None:
    """Send a form that Slack signed, the same one forged, and the text as a request's headers."""
    asyncio.run(_sent(value))


async def _sent(value: str) -> None:
    body = value.encode("utf-8", "replace")
    async with _site() as port:
        url = f"http://127.0.0.1:{port}{PATH}"
        async with ClientSession() as session:
            for secret in (SECRET, "forged"):
                async with session.post(url, data=body, headers=_signed(body, secret)) as answer:
                    fine = ANSWERED if secret == SECRET else (401,)
                    assert answer.status in fine, answer
        await _sent_raw(port, f"POST {PATH} HTTP/1.1\r\n{value}\r\n\r\n".encode("utf-8", "replace"))


@asynccontextmanager
async def _site() -> AsyncIterator[int]:
    async with running_bot() as bot:
        posts = SignedPosts(SECRET, BoltReceiver(bot.app).post)
        runner = await serve(
            build_site(Health({}, lambda: b""), {PATH: posts.post}), "127.0.0.1", 0
        )
        try:
            yield int(runner.addresses[0][1])
        finally:
            await runner.cleanup()


async def _sent_raw(port: int, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(RAW_SECONDS):
            writer.write(sent)
            await writer.drain()
            writer.write_eof()
            await reader.read()
    writer.close()


def _signed(body: bytes, secret: str) -> Mapping[str, str]:
    stamp = str(int(time.time()))
    base = b"v0:" + stamp.encode() + b":" + body
    made = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": FORM,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={made}",
    }


def _text(value: str | bytes) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def _match(value: str) -> None:
    Mute(value).matches("stuck_queue/prod/" + "a" * 40)


_LINES: tuple[Reader, ...] = (
    lambda value: read_line(value),
    lambda value: read_line(value, "2026-02-10 09:29:32 [error    ] "),
    lambda value: read_line(value, '{"event": "'),
    lambda value: let_out(_text(value)),
)
READERS: Mapping[str, Sequence[Reader]] = {
    "log line": _LINES,
    "command": _LINES[-1:],
    "setting": _LINES[-1:],
    "glob": (_match,),
    "redis": (lambda value: item_of("q", value),),
    "topic": (read_topic,),
    "zip": (read_archive,),
    "form": (read_form,),
}
