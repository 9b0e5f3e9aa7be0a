"""What the CJ and LLM provider services report over HTTP: /healthz and /metrics.

Both services answer 200 while every batch stands still, so a healthy answer is a detail of a
diagnosis and never its verdict; mock mode and open circuit breakers do change a verdict.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import orjson
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from yarl import URL

from bot.domain.evidence import HEALTH
from bot.domain.service_state import UNREACHABLE, UNREADABLE, ServiceHealth, is_brokers
from bot.drivers.network import PORT_ABOVE, WHICH_PORTS, has_port_above, network_trouble
from bot.errors import SourceError

MAX_HEALTH_BYTES = 1 << 20
MAX_METRICS_BYTES = 16 << 20
# Answers of a proxy, or of another address, when they hold no status of the service.
NOT_ITS_OWN = frozenset({301, 302, 303, 307, 308, 401, 403, 404, 407})
MAX_NAME_CHARS = 60
QUEUE_DEPTH = "llm_provider_queue_depth"
CIRCUIT_STATE = "llm_provider_circuit_breaker_state"
# 0 closed, 1 open, 2 half open: the help text of the service's own gauge.
OPEN = 1.0


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """A service to ask: its name, its base address, the setting that names that address."""

    service: str
    url: str
    setting: str
    is_provider: bool = False


class HttpProbe:
    """Asks the configured services at once; implements ServiceProbe.

    Raises SourceError when an address is malformed.
    """

    name = HEALTH

    def __init__(self, targets: Sequence[ProbeTarget], *, timeout_seconds: float = 4.0) -> None:
        self._targets = tuple((target, _address(target)) for target in targets)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def health(self) -> Sequence[ServiceHealth]:
        """Return what each service says now; one that gives no answer is `unreachable`.

        Raises SourceError when no service answers at all.
        """
        answers = await asyncio.gather(*(self._ask(*target) for target in self._targets))
        failures = [answer for answer in answers if isinstance(answer, SourceError)]
        if len(failures) == len(answers):
            raise failures[0]
        now = datetime.now(UTC)
        return tuple(
            ServiceHealth(target.service, now, UNREACHABLE)
            if isinstance(answer, SourceError)
            else answer
            for (target, _), answer in zip(self._targets, answers, strict=True)
        )

    async def check(self) -> str:
        """Say how each service is; raises SourceError that names the one that does not answer."""
        answers = await asyncio.gather(*(self._ask(*target) for target in self._targets))
        for answer in answers:
            if isinstance(answer, SourceError):
                raise answer
        return "; ".join(said_of(one) for one in answers if isinstance(one, ServiceHealth))

    async def _ask(self, target: ProbeTarget, base: URL) -> ServiceHealth | SourceError:
        """Return the health, or the error of a service of which neither page could be read."""
        health, metrics = await asyncio.gather(
            self._get(target, base / "healthz", MAX_HEALTH_BYTES),
            self._get(target, base / "metrics", MAX_METRICS_BYTES),
        )
        if isinstance(health, SourceError) and isinstance(metrics, SourceError):
            return health
        told = health_of(target.service, datetime.now(UTC), health)
        if not isinstance(metrics, SourceError):
            told = with_metrics(told, metrics)
        if target.is_provider and told.mock_mode is None:
            admin = await self._get(target, base / "admin" / "mock-mode", MAX_HEALTH_BYTES)
            told = replace(told, mock_mode=_truth(_object(admin).get("use_mock_llm")))
        return told

    async def _get(self, target: ProbeTarget, url: URL, limit: int) -> bytes | SourceError:
        """Return the body, cut at `limit`; a redirect (to a login, say) is not followed."""
        try:
            async with (
                _translated(target),
                self._opened().get(url, allow_redirects=False, timeout=self._timeout) as answer,
            ):
                body = bytearray()
                async for chunk in answer.content.iter_chunked(1 << 16):
                    body += chunk
                    if len(body) >= limit:
                        break
                if answer.status in NOT_ITS_OWN and not _object(bytes(body)).get("status"):
                    return _refused(target, answer.status)
                return bytes(body[:limit])
        except SourceError as error:
            return error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession()
        return self._session


def _refused(target: ProbeTarget, status: int) -> SourceError:
    return SourceError(
        HEALTH,
        f"{target.service}, or a proxy before it, does not let us in (HTTP {status})",
        hint=f"Correct {target.setting}, or let /healthz and /metrics through without a login.",
        permanent=True,
    )


def health_of(service: str, at: datetime, body: bytes | SourceError) -> ServiceHealth:
    """Return what a /healthz body says; a 503 carries the same JSON as a 200."""
    if isinstance(body, SourceError):
        return ServiceHealth(service, at, UNREACHABLE)
    told = _object(body)
    status = told.get("status")
    word = status[:MAX_NAME_CHARS] if isinstance(status, str) and status else UNREADABLE
    return ServiceHealth(service, at, word, mock_mode=_truth(told.get("mock_mode")))


def with_metrics(health: ServiceHealth, body: bytes) -> ServiceHealth:
    """Return `health` with the queue depth and the open circuits of a /metrics body."""
    depth: dict[str, int] = {}
    circuits: list[str] = []
    broker: bool | None = None
    for sample in _samples(body):
        if sample.name == QUEUE_DEPTH and 0 <= sample.value < 1 << 53:
            depth[sample.labels.get("queue_type", "")] = int(sample.value)
        elif sample.name == CIRCUIT_STATE and is_brokers(_circuit(sample.labels)):
            broker = sample.value == OPEN
        elif sample.name == CIRCUIT_STATE and sample.value == OPEN:
            circuits.append(_circuit(sample.labels))
    return replace(
        health,
        open_circuits=tuple(sorted(set(circuits))),
        queue_total=depth.get("total"),
        queue_queued=depth.get("queued"),
        broker_circuit_open=broker,
    )


def said_of(health: ServiceHealth) -> str:
    """Return one service's health in words."""
    words = [f"{health.service} says {health.status}"]
    if health.mock_mode is not None:
        words.append("mock mode" if health.mock_mode else "real models")
    if health.open_circuits:
        words.append(f"open circuit: {', '.join(health.open_circuits)}")
    if health.broker_circuit_open:
        words.append("open circuit to Kafka")
    return ", ".join(words)


def _samples(body: bytes) -> list[Sample]:
    """The samples of the metrics that matter; a line that cannot be read spoils no other."""
    found: list[Sample] = []
    for line in body.decode("utf-8", "replace").splitlines():
        if not line.startswith((QUEUE_DEPTH, CIRCUIT_STATE)):
            continue
        try:
            families = list(text_string_to_metric_families(line + "\n"))
        except (ValueError, IndexError, KeyError):
            continue
        found += [sample for family in families for sample in family.samples]
    return found


def _circuit(labels: Mapping[str, str]) -> str:
    name = labels.get("circuit_name") or labels.get("provider") or labels.get("service")
    return (name or "unnamed")[:MAX_NAME_CHARS]


def _object(body: bytes | SourceError) -> Mapping[str, Any]:
    if isinstance(body, SourceError):
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    words = {"true": True, "on": True, "false": False, "off": False}
    return words.get(value.strip().lower()) if isinstance(value, str) else None


def _address(target: ProbeTarget) -> URL:
    try:
        url = URL(target.url)
    except ValueError as error:
        if has_port_above(target.url):
            said = f"the address in {target.setting} {PORT_ABOVE}"
            raise SourceError(HEALTH, said, hint=WHICH_PORTS, permanent=True) from error
        raise _malformed(target) from error
    if url.scheme not in ("http", "https") or not url.host or url.query_string or url.fragment:
        raise _malformed(target)
    # Copied with the page that is asked for anyway.
    return url.parent if url.name in ("healthz", "metrics") else url


def _malformed(target: ProbeTarget) -> SourceError:
    return SourceError(
        HEALTH,
        f"the address in {target.setting} is malformed",
        hint=f"Write {target.setting}=http://host:port.",
        permanent=True,
    )


@asynccontextmanager
async def _translated(target: ProbeTarget) -> AsyncIterator[None]:
    hint = f"Check {target.setting}, and that the port is reachable from here."
    try:
        yield
    except TimeoutError as error:
        message = f"{target.service} did not answer in time"
        raise SourceError(HEALTH, message, hint=hint, timed_out=True) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        trouble = network_trouble(error, target.service)
        why = f": {trouble.message}" if trouble else ""
        raise SourceError(HEALTH, f"{target.service} cannot be reached{why}", hint=hint) from error
