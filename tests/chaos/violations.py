"""Writes constraint violations into a CJ log: each makes an alert of its own."""

import json
from datetime import UTC, datetime
from pathlib import Path

CONTAINER = "huleedu_cj_assessment_service"


def constraint(number: int) -> str:
    """Return the constraint that violation `number` names, of words that may leave the bot."""
    return f"uq_alert_{number:04d}"


def write(folder: Path, number: int) -> None:
    """Append one violation, as the service would log it now."""
    name = constraint(number)
    error = (
        "Traceback (most recent call last):\n"
        "sqlalchemy.exc.IntegrityError: (asyncpg.exceptions.UniqueViolationError) duplicate key "
        f'value violates unique constraint "{name}"\n'
        "(Background on this error at: https://sqlalche.me/e/20/gkpj)"
    )
    line = {
        "event": "Failed to store what the model answered",
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "level": "error",
        "logger_name": "cj_assessment_service.scoring",
        "extra": {"batch_id": 1_000 + number},
        "exception": error,
    }
    with (folder / f"{CONTAINER}.log").open("a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")
