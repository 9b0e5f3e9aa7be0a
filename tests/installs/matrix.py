"""Every source under every condition: what doctor, ask, /readyz and the alert say of it.

A condition is a function that gives an address; where a source has no such condition, such as a
folder a credential, the cell is not there. No cell may name a class, call a source well that was
not read, or say nothing at all.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.alerts.live_watch import LiveWatcher
from bot.alerts.store.postgres import Store
from bot.alerts.tick import Tick
from bot.domain.alert import AlertState
from bot.domain.report import plain
from bot.monitoring.http import Health
from bot.monitoring.vitals import Vitals
from bot.ports.detectors import all_needles
from bot.service.sources import build_sources
from bot.service.watched import build_detectors
from bot.settings import load_settings
from bot.sources.kafka.callback_topic import CALLBACKS
from tests.installs.certificates import Certificates, certificates
from tests.installs.peers import (
    HALF_OF_HTTP,
    REFUSES_LOGIN,
    Handler,
    http_says,
    peer,
    says,
    silent,
    speaks_postgres_tls,
    speaks_tls,
)
from tests.installs.table import Row, Seen, row
from tests.installs.user import ask, doctor, installed, line_of
from tests.support.servers.kafka import kafka_broker
from tests.support.servers.kafka_listener import Listener, kafka_listener

TICKS = 3
# What may not be said of a source that was not read.
WELL = (r"✅", r"(?i)queue is empty", r"(?i)nothing (?:is )?wrong", r"(?i)\blooks fine\b")
CONDITIONS = (
    "unreachable", "refused", "wrong credential", "wrong certificate", "rights too small", "slow",
    "empty", "half an answer",
)  # fmt: skip
# What a condition is called by whoever tells it.
TOLD = {
    "unreachable": r"name",
    "refused": r"nobody listens|cannot be reached",
    "wrong credential": r"login|password|HTTP 401|refuses",
    "wrong certificate": r"certificate",
    "rights too small": r"may not|does not allow|HTTP 403",
    "slow": r"in time|within|does not answer",
    "half an answer": r"middle of its answer|hung up|broke",
}
LISTENERS = {
    "wrong credential": Listener(users={"bot": "another"}),
    "rights too small": Listener(users={"bot": "s3cr3t"}, denied=frozenset({"read"})),
}
QUICK = ("refused", "wrong credential", "rights too small", "half an answer")


@dataclass(frozen=True, slots=True)
class Source:
    """A source: its name in doctor and in alerts, the question that needs it, and its address.

    `address` makes the settings of a host and port, by TLS or not. `answers` are what a peer says
    under a condition.
    """

    name: str
    line: str
    question: str
    address: Callable[[str, bool], dict[str, str]]
    answers: dict[str, Handler]
    told: dict[str, str] = field(default_factory=dict)


HTTP = {
    "wrong credential": http_says("401 Unauthorized", "<html>401</html>"),
    "rights too small": http_says("403 Forbidden", "<html>403</html>"),
    "half an answer": HALF_OF_HTTP,
}


def _client(folder: Path, other: Certificates) -> None:
    """Lay a client's files out as Docker wants them; their CA is not the server's."""
    folder.mkdir()
    for name, path in (("ca.pem", other.ca), ("cert.pem", other.client)):
        (folder / name).write_bytes(path.read_bytes())
    (folder / "key.pem").write_bytes(other.client_key.read_bytes())


def sources(client: Path) -> tuple[Source, ...]:
    """Return every source with its way to be addressed; `client` holds a client's certificate."""

    def postgres(where: str, tls: bool) -> dict[str, str]:
        end = f"?sslmode=verify-full&sslrootcert={client / 'ca.pem'}" if tls else ""
        return {"CJ_DATABASE_URL": f"postgresql://bot:s3cr3t@{where}/cj{end}"}

    def redis(where: str, tls: bool) -> dict[str, str]:
        return {"LLM_QUEUE_REDIS_URL": f"redis{'s' * tls}://:s3cr3t@{where}/0"}

    def loki(where: str, tls: bool) -> dict[str, str]:
        login = {"LOKI_USERNAME": "bot", "LOKI_PASSWORD": "s3cr3t"}
        return {"LOG_SOURCE": "loki", "LOKI_URL": f"http{'s' * tls}://{where}", **login}

    def docker(where: str, tls: bool) -> dict[str, str]:
        verify = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(client)} if tls else {}
        return {"LOG_SOURCE": "docker", "DOCKER_HOST": f"tcp://{where}", **verify}

    def kafka(where: str, tls: bool) -> dict[str, str]:
        return {"KAFKA_BOOTSTRAP_SERVERS": where, "KAFKA_SASL_USERNAME": "bot",
                "KAFKA_SASL_PASSWORD": "s3cr3t",
                "KAFKA_SECURITY_PROTOCOL": "SASL_SSL" if tls else "SASL_PLAINTEXT"}  # fmt: skip

    def health(where: str, tls: bool) -> dict[str, str]:
        return {"LLM_PROVIDER_URL": f"http{'s' * tls}://{where}"}

    trace = "/trace 8f3a11d7-9411-4ca2-9999-59a9d18c5da9"
    return (
        Source("cj_database", "CJ database", "/batch status 34", postgres, {
            "wrong credential": says(REFUSES_LOGIN),
            "half an answer": says(b"R\0\0\0\x08\0\0\0\0S\0\0\0\x16server"),
        }),
        Source("llm_queue", "LLM queue", "/queue", redis, {
            "wrong credential": says(b"-WRONGPASS invalid username-password pair\r\n"),
            "rights too small": says(b"-NOPERM this user has no permissions to run it\r\n"),
            "half an answer": says(b"%7\r\n$6\r\nserver\r\n$5\r\nre"),
        }),
        Source("loki", "logs", "/logs cj hello", loki, {
            **HTTP, "empty": http_says("200 OK", '{"status":"success","data":[]}'),
        }),
        Source("docker_logs", "logs", "/logs cj hello", docker, {
            **HTTP, "empty": http_says("200 OK", "[]"),
        }),
        Source("callback_topic", "callback topic", trace, kafka, {
            "half an answer": says(b"\0\0\0\x40\0\0"),
        }),
        Source("service_health", "service health", "/queue", health, {
            **HTTP, "empty": http_says("200 OK", "{}"),
        }),
    )  # fmt: skip


def _address(
    source: Source, condition: str, own: Certificates | None
) -> AbstractAsyncContextManager[str] | None:
    """Return what gives host and port under a condition; None where the source has none such."""
    if condition in ("unreachable", "refused"):
        return _fixed("server.invalid:9" if condition == "unreachable" else "127.0.0.1:1")
    if condition == "slow":
        return _at(silent)
    if condition == "wrong certificate" and own is not None:
        is_postgres = source.name == "cj_database"
        return _at(speaks_postgres_tls(own) if is_postgres else speaks_tls(own))
    if source.name == "callback_topic" and condition in LISTENERS:
        return _broker(LISTENERS[condition])
    handler = source.answers.get(condition)
    return _at(handler) if handler else None


@asynccontextmanager
async def _broker(asks: Listener) -> AsyncIterator[str]:
    with kafka_broker() as broker:
        broker.publish(CALLBACKS, [b"{}"])
        async with kafka_listener(broker, asks) as address:
            yield address


@asynccontextmanager
async def _fixed(where: str) -> AsyncIterator[str]:
    yield where


@asynccontextmanager
async def _at(handler: Handler) -> AsyncIterator[str]:
    async with peer(handler) as port:
        yield f"127.0.0.1:{port}"


async def cells(
    folder: Path, memory: str, conditions: Sequence[str] = CONDITIONS
) -> AsyncIterator[Row]:
    """Yield a row for each source and condition; `memory` is a database for the ticks."""
    own, client = None, folder / "client"
    if "wrong certificate" in conditions:
        own = certificates(folder / "server-tls")
        _client(client, certificates(folder / "client-tls"))
    for source in sources(client):
        for condition in conditions:
            place = _address(source, condition, own)
            if place is None:
                continue
            async with place as where:
                settings = source.address(where, condition == "wrong certificate")
                yield await cell(folder, memory, source, condition, settings)


async def cell(
    folder: Path, memory: str, source: Source, condition: str, settings: dict[str, str]
) -> Row:
    """Ask everything that speaks of a source, and judge it."""
    number = CONDITIONS.index(condition)
    with installed(folder, settings):
        line = line_of(await doctor(), source.line)
        answer = await ask(source.question)
        ready, alert = await _watched(memory, f"{source.name}-{number}")
    found = [
        Seen(f"doctor: {line.text or '(nothing)'}", line.code),
        Seen(f"ask: {short(answer.text)}", answer.code),
        Seen(f"readyz: {ready}", 0),
        Seen(f"alert: {alert}", 0),
    ]
    rests_on_it = source.name not in ("service_health", "callback_topic")
    told = source.told.get(condition, TOLD.get(condition, ""))
    ticks = (r"readyz: .*cannot be read", r"alert: .*cannot be read")
    return row(
        source.name, condition, found,
        must=[rf"doctor: (?:🔴|⚠️)(?s:.*)(?:{told})", *(ticks if rests_on_it else ())],
        must_not=WELL, codes=[line.code, 3 if rests_on_it else answer.code, 0, 0],
    )  # fmt: skip


def short(text: str) -> str:
    """Return the head of an answer, and what it says that was read."""
    lines = [line for line in text.splitlines() if line.strip()]
    account = [line for line in lines if line.startswith("- ") and "read" in line]
    return " / ".join([*lines[:3], *account])


async def _watched(memory: str, environment: str) -> tuple[str, str]:
    """Tick a few times; return what /readyz says of the sources, and the alerts that fire."""
    now = datetime.now(UTC)
    made = build_detectors()
    async with AsyncExitStack() as stack:
        store = Store(memory, environment)
        stack.push_async_callback(store.close)
        await store.open()
        settings = load_settings()
        built = await build_sources(settings, stack)
        watcher = LiveWatcher(
            built, environment=environment, needles=all_needles(made),
            wants=lambda event: any(one.wants(event) for one in made),
        )  # fmt: skip
        clock = {"now": now}
        tick = Tick(store, made, watcher, environment=environment, now=lambda: clock["now"])
        stack.push_async_callback(tick.close)
        for _ in range(TICKS):
            await tick.run()
            clock["now"] += timedelta(seconds=15)
        vitals = Vitals(tick.state, store, lambda: clock["now"], 15)
        await vitals.poll()
        _, details = Health(vitals.checks(), lambda: b"").report()
        alerts = await store.load_alerts(clock["now"])
    firing = [one for one in alerts if one.state is AlertState.FIRING]
    told = [
        f"{plain(one.condition.title)} "
        f"({'; '.join(plain(line.text) for line in one.condition.evidence)})"
        for one in firing
    ]
    return details["sources"], " / ".join(told) or "(none)"
