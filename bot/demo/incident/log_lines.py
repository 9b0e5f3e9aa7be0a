"""One line of the incident's logs as structlog writes it: on a console, as JSON, or plain."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

CJ = "huleedu_cj_assessment_service"
LLM = "huleedu_llm_provider_service"
RUNNER = "huledu-reboot-eng5_np_runner-run-1f2e3d4c5b6a"


@dataclass(frozen=True)
class Said:
    """One event of a service; `early` loggers keep the plain default format for ever."""

    container: str
    at: datetime
    event: str
    level: str = "info"
    logger: str = "queue_processor"
    extra: dict[str, Any] = field(default_factory=dict)
    raised: tuple[str, str] = ("", "")
    early: bool = False


def as_json(said: Said, **direct: Any) -> str:
    """Return it as one JSON object; `direct` fields stand beside those of `extra`."""
    record: dict[str, Any] = {"logger_name": f"{_service(said)}.{said.logger}", **direct}
    if said.extra:
        record["extra"] = {
            key: f"UUID('{item}')" if isinstance(item, UUID) else item
            for key, item in said.extra.items()
        }
    record |= {"event": said.event, "timestamp": _stamp(said), "level": said.level}
    if said.raised[0]:
        record["exception"] = "\n".join(_trace(said))
    return orjson.dumps(
        {**record, "filename": f"{said.logger}.py", "func_name": "run", "lineno": 42}
    ).decode()


def _trace(said: Said) -> list[str]:
    kind, message = said.raised
    return [
        "Traceback (most recent call last):",
        f'  File "/app/{said.logger}.py", line 42, in run',
        "    await session.flush()",
        f"{kind}: {message}",
    ]


def as_plain(said: Said) -> str:
    """Return it as a line from before structlog was set up."""
    name = f"{_service(said)}.{said.logger}"
    return f"{said.at:%Y-%m-%d %H:%M:%S} [{said.level:<9}] {said.event:<30} [{name}]"


def as_console(said: Said) -> str:
    """Return it as structlog's coloured console line, with a traceback in a box."""
    dim, off, bold, cyan, pink = "\x1b[2m", "\x1b[0m", "\x1b[1m", "\x1b[36m", "\x1b[35m"
    extra = f" {cyan}extra{off}={pink}{said.extra!r}{off}" if said.extra else ""
    head = (
        f"{dim}{_stamp(said)}{off} [\x1b[32m{bold}{said.level:<9}{off}] "
        f"{bold}{said.event:<30}{off} "
        f"[{off}{bold}\x1b[34m{_service(said)}.{said.logger}{off}]{off}{extra} "
        f"{cyan}filename{off}={pink}{said.logger}.py{off} {cyan}lineno{off}={pink}42{off}"
    )
    return "\n".join([head, *_box(said)]) if said.raised[0] else head


def _box(said: Said) -> list[str]:
    """A traceback as rich draws it: with locals, which hold what must never be shown."""
    kind, message = said.raised
    inside = [
        f"/app/{said.logger}.py:42 in run",
        "❱ 42 │   await session.flush()",
        "╭──────────────────────────── locals ────────────────────────────╮",
        "│ api_key = 'sk-ant-api03-PLANTEDSECRETPLANTEDSECRET'",
        "│ essay_text = 'PLANTED STUDENT TEXT'",
        *(f"│ frame_{number} = <AsyncSession object>" for number in range(30)),
        "╰────────────────────────────────────────────────────────────────╯",
    ]
    return [
        f"\x1b[31m╭{'─' * 21} \x1b[1mTraceback (most recent call last)\x1b[0m {'─' * 22}╮\x1b[0m",
        *(f"\x1b[31m│\x1b[0m {line:<76} \x1b[31m│\x1b[0m" for line in inside),
        f"\x1b[31m╰{'─' * 78}╯\x1b[0m",
        f"{kind}: {message}",
    ]


def _service(said: Said) -> str:
    return "eng5_np" if said.container == RUNNER else said.container.removeprefix("huleedu_")


def _stamp(said: Said) -> str:
    return said.at.isoformat(timespec="microseconds").replace("+00:00", "Z")
