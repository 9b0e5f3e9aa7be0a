"""The services whose logs are read: HuleEdu's own, or those that a setting names; pure."""

from collections.abc import Mapping
from typing import Any

from bot.domain.log import Role, Service

HULEEDU_SERVICES = (
    Service("cj_assessment_service", "*cj_assessment_service*", Role.CJ),
    Service("llm_provider_service", "*llm_provider_service*", Role.LLM_PROVIDER),
    Service("eng5_np_runner", "*eng5_np_runner-run-*", Role.RUNNER, "eng5*.log"),
)
ROLE_WORDS = {
    "cj": Role.CJ,
    "cj_assessment": Role.CJ,
    "cj_assessment_service": Role.CJ,
    "llm": Role.LLM_PROVIDER,
    "lps": Role.LLM_PROVIDER,
    "llm_provider": Role.LLM_PROVIDER,
    "llm_provider_service": Role.LLM_PROVIDER,
    "runner": Role.RUNNER,
    "eng5_np_runner": Role.RUNNER,
}


def services_of(rows: Any) -> tuple[Service, ...]:
    """Return services from a list of {name, container, role, file}. Raises ValueError."""
    if not isinstance(rows, list) or not rows:
        raise ValueError('SERVICES is a JSON list such as [{"name":"cj","container":"*cj*"}]')
    return tuple(_service(row) for row in rows)


def _service(row: Any) -> Service:
    if not isinstance(row, Mapping) or not row.get("name"):
        raise ValueError("each entry of SERVICES needs a name")
    name = str(row["name"])
    role = ROLE_WORDS.get(str(row.get("role") or name).lower(), Role.OTHER)
    container = str(row.get("container") or name)
    return Service(name, container, role, str(row.get("file") or ""))
