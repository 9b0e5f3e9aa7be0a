"""The JSON Schema of an answer, as `--format json` prints it and a tool returns it."""

from typing import Any

from bot.domain.evidence import SourceState
from bot.domain.report import Confidence, Severity, Verdict

_TEXT = {"type": "string"}
_TIME = {"type": ["string", "null"], "description": "ISO 8601 in UTC, null where it is not known"}
_TEXTS = {"type": "array", "items": _TEXT}


def _object(properties: dict[str, Any], description: str = "") -> dict[str, Any]:
    told = {"description": description} if description else {}
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
        **told,
    }


def _one_of(values: type[Verdict] | type[Severity] | type[Confidence] | type[SourceState]) -> Any:
    return {"type": "string", "enum": [one.value for one in values]}


_EVIDENCE = _object({"source": _TEXT, "at": _TIME, "text": _TEXT})
_FINDING = _object(
    {
        "rule": {"type": "string", "description": "a stable id; batchbot://rules/{rule} explains"},
        "severity": _one_of(Severity),
        "confidence": _one_of(Confidence),
        "what": _TEXT,
        "why": _TEXT,
        "evidence": {"type": "array", "items": _EVIDENCE},
        "next": {**_TEXTS, "description": "steps for a person, safest first"},
        "cause": {"type": "string", "description": "the rule that this one follows from, or empty"},
        "unproven": {**_TEXTS, "description": "files of the log texts that it misses"},
    }
)
_ENTRY = _object(
    {"at": _TIME, "service": _TEXT, "source": _TEXT, "text": _TEXT, "failed": {"type": "boolean"}}
)
_SOURCE = _object({"name": _TEXT, "state": _one_of(SourceState), "detail": _TEXT})

REPORT_SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "batchbot report",
    **_object(
        {
            "command": _TEXT,
            "title": _TEXT,
            "verdict": {
                **_one_of(Verdict),
                "description": "the worst of error > unknown > warn > ok; unknown: a source that "
                "was needed could not be read, so nothing is called healthy",
            },
            "headline": _TEXT,
            "summary": _TEXT,
            "facts": {"type": "object", "description": "values by name, which may nest"},
            "findings": {"type": "array", "items": _FINDING},
            "timeline": {"type": "array", "items": _ENTRY},
            "sources": {"type": "array", "items": _SOURCE},
        }
    ),
}
