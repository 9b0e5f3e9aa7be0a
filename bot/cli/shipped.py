"""The files that messages name: where they are in a checkout, and in an installed wheel."""

import sys
from pathlib import Path

from bot.errors import UsageError

PACKAGE = Path(__file__).parents[1]
# Beside the package in a checkout; the wheel holds them within it (pyproject.toml).
PLACES = (PACKAGE / "shipped", PACKAGE.parent)
FILES = {
    ".env.example": "every setting, with its default",
    "deploy/README.md": "how to run it for real",
    "deploy/readonly_role.sql": "makes the role for CJ_DATABASE_URL, which reads no student text",
    "deploy/readonly_role_drop.sql": "takes that role away",
    "deploy/slack-manifest.yaml": "the Slack app; `batchbot manifest` makes it for these settings",
    "deploy/compose.yaml": "the bot, the Engine's proxy and its database, beside HuleEdu",
    "deploy/compose.direct-logs.yaml": "reads the Engine's log files directly",
    "deploy/compose.secrets.yaml": "secrets as files",
    "deploy/direct-logs.sh": "lets a group read the Engine's log files",
    "deploy/docker-proxy/haproxy.cfg": "the paths of the Engine that the bot may ask",
    "deploy/batchbot.service": "the unit for systemd",
    "deploy/SCALE.md": "what to run where, at 10 and 1,000 times the load",
    "deploy/prometheus/README.md": "how to watch the bot itself, and what to do about each alert",
    "deploy/prometheus/batchbot-scrape.yml": "the scrape job for Prometheus",
    "deploy/prometheus/batchbot-alerts.yml": "alerting rules for Prometheus",
    "deploy/grafana/HuleEdu_Batchbot.json": "a dashboard for Grafana",
    "deploy/Dockerfile": "the image, from a checkout",
}


def place_of(name: str) -> Path:
    """Return where a file is. Raises UsageError when there is none of that name."""
    full = name if name in FILES else f"deploy/{name}"
    if full not in FILES:
        raise UsageError(f"There is no file {name}.", hint="`batchbot files` lists them.")
    found = next((place / full for place in PLACES if (place / full).is_file()), None)
    if found is None:
        raise UsageError(f"{full} is not in this installation.", hint="Install the wheel again.")
    return found


def show(name: str) -> None:
    """Print a file, or the list of them."""
    if name:
        sys.stdout.write(place_of(name).read_text(encoding="utf-8"))
        return
    width = max(map(len, FILES))
    for one, what in FILES.items():
        sys.stdout.write(f"{one:<{width}}  {what}\n")


def with_places(text: str) -> str:
    """Return a hint with how to get a file that it names and that is not in this folder."""
    named = [one for one in FILES if one in text and not Path(one).exists()]
    if not named:
        return text
    return f"{text} (`batchbot files {named[-1].removeprefix('deploy/')}` prints it.)"
