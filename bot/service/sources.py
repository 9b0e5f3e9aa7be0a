"""Builds the sources that the settings name, closed with an exit stack.

Drivers are imported where they are needed, so that a command at the terminal pays only for the
sources that are configured.
"""

import asyncio
import importlib.util
import logging
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.domain.evidence import TOPIC, LogStore, Missing
from bot.domain.ids import RunLabel
from bot.domain.log import Role
from bot.errors import SourceError
from bot.ports import (
    CallbackTopic,
    CjDatabase,
    ContainerSource,
    LlmQueue,
    LogSource,
    RunnerSource,
    ServiceProbe,
    Sources,
)
from bot.ports.bounded import missing_of
from bot.service.clock import utc_now
from bot.settings import Settings, live

if TYPE_CHECKING:
    from bot.sources.docker.address import EngineAddress

log = logging.getLogger(__name__)


async def build_sources(
    settings: Settings,
    stack: AsyncExitStack,
    memory: Any = None,
    *,
    learns: bool = True,
    only: AbstractSet[str] | None = None,
) -> Sources:
    """Return the configured sources, closed with `stack`; one that cannot be built is Missing.

    With `learns`, run labels that are read in passing are written to the memory. Of the sources,
    those in `only` are built where it is given: their modules take long to import.
    """
    on_label = _label_listener(memory, stack) if learns else None

    def wanted(name: str) -> bool:
        return only is None or name in only

    return Sources(
        database=_database(settings, stack) if wanted("database") else None,
        logs=_learning(await _logs(settings, stack), on_label) if wanted("logs") else None,
        queue=_queue(settings, stack) if wanted("queue") else None,
        callbacks=_callbacks(settings, stack, on_label) if wanted("callbacks") else None,
        memory=memory,
        runners=_runners(settings, stack) if wanted("runners") else None,
        containers=_containers(settings, stack) if wanted("containers") else None,
        probe=_probe(settings, stack) if wanted("probe") else None,
    )


def _label_listener(memory: Any, stack: AsyncExitStack) -> Callable[[RunLabel], None] | None:
    """Return what stores run labels that are read in passing; None without a database."""
    if memory is None or isinstance(memory, Missing):
        return None
    from bot.sources.run_labels import RunLabelRecorder

    recorder = RunLabelRecorder(memory)
    stack.push_async_callback(recorder.close)
    return recorder.record


def _learning(
    logs: LogSource | Missing | None, on_label: Callable[[RunLabel], None] | None
) -> LogSource | Missing | None:
    if logs is None or isinstance(logs, Missing) or on_label is None:
        return logs
    from bot.sources.run_labels import LabelledLogs

    return LabelledLogs(logs, on_label)


def _database(settings: Settings, stack: AsyncExitStack) -> CjDatabase | Missing | None:
    secret = settings.cj.database_url
    if secret is None:
        return None
    from bot.sources.cj.database import CjPostgres

    try:
        database = CjPostgres(secret.get_secret_value(), live=live(secret))
    except SourceError as error:
        return missing_of(error)
    stack.push_async_callback(database.close)
    return database


def _queue(settings: Settings, stack: AsyncExitStack) -> LlmQueue | Missing | None:
    secret = settings.queue.redis_url
    if secret is None:
        return None
    from bot.sources.llm_queue import RedisQueue

    try:
        queue = RedisQueue(
            secret.get_secret_value(),
            settings.queue.prefix,
            others=settings.queue.prefixes,
            live=live(secret),
        )
    except SourceError as error:
        return missing_of(error)
    stack.push_async_callback(queue.close)
    return queue


async def _logs(settings: Settings, stack: AsyncExitStack) -> LogSource | Missing | None:
    logs, source = settings.logs, settings.logs.chosen_source
    if source is LogStore.FILES and logs.files_dir is not None:
        from bot.sources.log_files import LogFiles

        return LogFiles(logs.files_dir, logs.services, logs.zone, logs.files_links)
    if source is not LogStore.LOKI and not docker_is_configured(settings):
        return None
    from bot.sources.log_search.leftovers import remove_leftovers

    if count := await asyncio.to_thread(remove_leftovers, utc_now().timestamp()):
        log.info("removed %d parts of logs that searches left when they were killed", count)
    if source is LogStore.LOKI:
        return _loki(settings, stack)
    from bot.sources.docker.logs import DockerLogs

    docker = DockerLogs(docker_hosts(settings), logs.services, logs.zone, logs.docker_log_dir)
    stack.push_async_callback(docker.close)
    return docker


def _loki(settings: Settings, stack: AsyncExitStack) -> LogSource:
    from bot.sources.loki.http import LokiHttp
    from bot.sources.loki.source import Loki

    logs = settings.logs
    http = LokiHttp(
        logs.loki_url,
        tenant=logs.loki_tenant,
        username=logs.loki_username,
        password=logs.loki_password.get_secret_value if logs.loki_password else None,
        token=logs.loki_token.get_secret_value if logs.loki_token else None,
    )
    loki = Loki(http, logs.services, logs.zone, clock=utc_now)
    stack.push_async_callback(loki.close)
    return loki


def _runners(settings: Settings, stack: AsyncExitStack) -> RunnerSource | None:
    """Look for processes of this machine even without an Engine, unless that is off."""
    hosts = docker_hosts(settings) if docker_is_configured(settings) else ()
    if not hosts and not settings.bot.runner_processes:
        return None
    from bot.sources.runners.source import EngineRunners

    runners = EngineRunners(hosts, settings.logs.services, processes=settings.bot.runner_processes)
    stack.push_async_callback(runners.close)
    return runners


def _containers(settings: Settings, stack: AsyncExitStack) -> ContainerSource | None:
    if not docker_is_configured(settings):
        return None
    from bot.sources.docker.containers import EngineContainers

    containers = EngineContainers(
        docker_hosts(settings), settings.logs.services, inspects=settings.logs.docker_inspect
    )
    stack.push_async_callback(containers.close)
    return containers


def _probe(settings: Settings, stack: AsyncExitStack) -> ServiceProbe | Missing | None:
    cj, provider = settings.cj.cj_url, settings.cj.llm_provider_url
    if not (cj or provider):
        return None
    from bot.sources.probe import HttpProbe, ProbeTarget

    names = {service.role: service.name for service in reversed(settings.logs.services)}
    cj_name = names.get(Role.CJ, "cj_assessment_service")
    provider_name = names.get(Role.LLM_PROVIDER, "llm_provider_service")
    targets = [
        ProbeTarget(cj_name, cj, "CJ_URL"),
        ProbeTarget(provider_name, provider, "LLM_PROVIDER_URL", is_provider=True),
    ]
    try:
        probe = HttpProbe([target for target in targets if target.url])
    except SourceError as error:
        return missing_of(error)
    stack.push_async_callback(probe.close)
    return probe


def docker_hosts(settings: Settings) -> tuple["EngineAddress", ...]:
    """Return the Engines to ask; an empty address means Docker's own default."""
    from bot.sources.docker.address import EngineAddress

    logs = settings.logs
    folder = logs.docker_cert_path
    if logs.docker_tls_verify and folder is None:
        folder = Path("~/.docker").expanduser()
    return tuple(
        EngineAddress(
            host, folder, verifies=bool(logs.docker_tls_verify), project=logs.docker_project
        )
        for host in logs.docker_hosts or (logs.docker_host,)
    )


def docker_is_configured(settings: Settings) -> bool:
    """Say whether Docker was asked for, or its usual socket is there."""
    logs = settings.logs
    asked = logs.source is LogStore.DOCKER or logs.docker_host or logs.docker_hosts
    if asked:
        return True
    from bot.sources.docker.http import DEFAULT_SOCKET

    return Path(DEFAULT_SOCKET).exists()


def _callbacks(
    settings: Settings, stack: AsyncExitStack, on_label: Callable[[RunLabel], None] | None
) -> CallbackTopic | Missing | None:
    """The client connects on first use, so that a command that needs no Kafka waits for none."""
    if not settings.queue.kafka_bootstrap_servers:
        return None
    if importlib.util.find_spec("aiokafka") is None:
        return Missing(TOPIC, "no Kafka client: install batchbot with its kafka extra")
    from bot.sources.kafka.callback_topic import KafkaCallbacks
    from bot.sources.kafka.security import KafkaSecurity

    queue = settings.queue
    password = queue.kafka_sasl_password
    security = KafkaSecurity(
        queue.kafka_security_protocol,
        queue.kafka_sasl_mechanism,
        queue.kafka_sasl_username,
        password.get_secret_value if password else "",
        queue.kafka_ssl_cafile,
        queue.kafka_ssl_certfile,
        queue.kafka_ssl_keyfile,
    )
    try:
        servers = queue.kafka_bootstrap_servers
        callbacks = KafkaCallbacks(servers, on_label=on_label, security=security)
    except SourceError as error:
        return missing_of(error)
    stack.push_async_callback(callbacks.close)
    return callbacks
