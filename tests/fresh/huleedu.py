"""HuleEdu's containers as they are called in development, with a queue that moves or is frozen."""

import json
import time
import uuid
from pathlib import Path

from bot.demo.service_logs import ServiceLogs
from tests.fresh.machine import Machine
from tests.support.paths import ROOT

PROJECT = "huledu-reboot"
PREFIX = "llm_provider_service:queue"
OWNER, DATABASE = "huleedu_user", "huleedu_cj_assessment"
# A container's log: what the service would have said, every second.
SAYS = (
    'while :; do printf \'{{"timestamp":"%s","level":"info","event":"{event}",'
    '"logger_name":"{name}"}}\\n\' "$$(date -u +%Y-%m-%dT%H:%M:%SZ)"; sleep 1; done'
)
SERVICES = """services:
  cj_assessment_db:
    image: postgres:16
    user: postgres
    container_name: huleedu_cj_assessment_db
    environment: {{POSTGRES_USER: {owner}, POSTGRES_DB: {database}, POSTGRES_PASSWORD: huleedu}}
    networks: [huleedu_internal_network]
  redis:
    image: redis:stand-in
    container_name: huleedu_redis
    networks: [huleedu_internal_network]
  cj_assessment_service:
    image: writer:stand-in
    container_name: huleedu_cj_assessment_service
    command: ["sh", "-c", {cj}]
    networks: [huleedu_internal_network]
  llm_provider_service:
    image: writer:stand-in
    container_name: huleedu_llm_provider_service
    command: ["sh", "-c", {provider}]
    networks: [huleedu_internal_network]
networks:
  huleedu_internal_network: {{}}
"""


def start(machine: Machine, folder: Path) -> None:
    """Start HuleEdu's containers on a network that is called as theirs, and make CJ's tables."""
    (folder / "docker-compose.yml").write_text(SERVICES.format(
        owner=OWNER, database=DATABASE,
        cj=json.dumps(SAYS.format(event="waiting for requests", name="cj")),
        provider=json.dumps(SAYS.format(event="Queue processor is waiting", name="provider")),
    ), encoding="utf-8")  # fmt: skip
    machine.type(f"docker compose -p {PROJECT} -f docker-compose.yml up -d", folder)
    database = machine.engine.client.containers.get("huleedu_cj_assessment_db")
    end = time.monotonic() + 60
    while database.exec_run(["pg_isready", "-U", OWNER, "-d", DATABASE]).exit_code:
        if time.monotonic() > end:
            raise TimeoutError(database.logs().decode())
        time.sleep(0.3)
    for schema in ("schema.sql", "schema_now.sql"):
        psql(machine, (ROOT / "bot/demo/incident" / schema).read_text(encoding="utf-8"))


def psql(machine: Machine, statements: str) -> None:
    """Run statements in CJ's database as its owner."""
    command = f'psql -U {OWNER} -d {DATABASE} -v ON_ERROR_STOP=1 -q -c "$STATEMENTS"'
    _in(machine, "huleedu_cj_assessment_db", ["sh", "-c", command], STATEMENTS=statements)


class Queue:
    """The LLM provider's queue in Redis, by the keys that it has there, and what is said of it."""

    def __init__(self, machine: Machine, folder: Path) -> None:
        self._machine = machine
        self._folder = folder
        self._logs = ServiceLogs(folder)
        self._waiting: list[tuple[str, str]] = []

    def put(self, count: int) -> None:
        """Put so many items in, as the provider does."""
        for _ in range(count):
            id, correlation, now = str(uuid.uuid4()), str(uuid.uuid4()), time.time()
            at = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(now))
            item = {"queue_id": id, "status": "queued", "queued_at": at, "ttl": "PT4H",
                    "processing_started_at": None, "retry_count": 0, "priority": 5,
                    "correlation_id": correlation,
                    "request_data": {"user_prompt": "x", "metadata": {}}}  # fmt: skip
            self._call("HSET", f"{PREFIX}:data", id, json.dumps(item))
            self._call("ZADD", f"{PREFIX}:requests", str(-5 + now / 1e10), id)
            self._waiting.append((id, correlation))

    def take(self) -> None:
        """Take the oldest item out, answered, and its callback taken by CJ."""
        id, correlation = self._waiting.pop(0)
        self._logs.answer(id, correlation)
        self._logs.taken(id, correlation)
        for path in self._folder.glob("*.log"):
            _in(self._machine, path.stem, ["sh", "-c", 'printf "%s" "$SAID" > /proc/1/fd/1'],
                SAID=path.read_text(encoding="utf-8"))  # fmt: skip
            path.unlink()
        self._call("ZREM", f"{PREFIX}:requests", id)
        self._call("HDEL", f"{PREFIX}:data", id)

    def _call(self, *words: str) -> None:
        _in(self._machine, "huleedu_redis", ["redis-cli", *words])


def _in(machine: Machine, container: str, command: list[str], **environment: str) -> None:
    """Run a command in a container. Raises RuntimeError with what it printed."""
    there = machine.engine.client.containers.get(container)
    done = there.exec_run(command, environment=environment)
    if done.exit_code:
        raise RuntimeError(str(done.output)[-2_000:])
