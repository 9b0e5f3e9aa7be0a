"""Writes what the code already knows: four rooms' tables and deploy/slack-manifest.yaml.

`python -m bot.docs` writes them; `--check` says which are stale and changes nothing.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from bot.catalogue import CauseEntry, CauseExample, entries, examples
from bot.catalogue.known import GROUPS
from bot.monitoring.catalogue import CATALOGUE, Described
from bot.registry import SlashCommand, commands, detectors
from bot.slack.setup.manifest import build_manifest, to_yaml

ROOT = Path(__file__).parent.parent
COMMANDS = ROOT / "commands" / "README.md"
DETECTORS = ROOT / "bot" / "detectors" / "README.md"
CAUSES = ROOT / "bot" / "catalogue" / "README.md"
METRICS = ROOT / "bot" / "monitoring" / "README.md"
MANIFEST = ROOT / "deploy" / "slack-manifest.yaml"
MANIFEST_HEAD = (
    "# The Slack app, generated from the code by `make docs`. Paste it at https://api.slack.com/apps\n"
    "# (Create New App, From a manifest). Another prefix or HTTP mode: `batchbot manifest`.\n"
)


def command_table(known: Mapping[str, SlashCommand]) -> str:
    """Return the table of commands: every way to call each, with an example."""
    rows = [
        (f"`/{f'{command.name} {usage.words}'.strip()}`", usage.summary, f"`{usage.example}`")
        for command in known.values()
        for usage in command.usages
    ]
    return _table(("command", "what it tells", "for example"), rows)


def detector_table(known: Mapping[str, type]) -> str:
    """Return the table of detectors with their settings and defaults."""
    rows = []
    for name, detector in known.items():
        fields = detector.Settings.model_fields  # type: ignore[attr-defined]
        settings = "<br>".join(
            f"`DETECTOR_{name.upper()}_{field.upper()}={info.default}` {info.description or ''}"
            for field, info in fields.items()
        )
        rows.append((f"`{name}`", detector.summary, settings or "none"))  # type: ignore[attr-defined]
    return _table(("detector", "alerts when", "settings"), rows)


def cause_pages() -> str:
    """Return the catalogue of causes, a section each, and which alert tells which of them."""
    parts = []
    for title, group in GROUPS:
        parts.append(f"## {title}\n")
        parts += [_cause(one, examples()[one.rule]) for one in group]
    told = {
        name: [f"[`{one.rule}`](#{one.rule})" for one in entries().values() if name in one.alerts]
        for name in sorted({*detectors(), *(one for e in entries().values() for one in e.alerts)})
    }
    rows = [
        (f"`{name}`", _summary(name), ", ".join(rules)) for name, rules in told.items() if rules
    ]
    parts.append("## Which alert tells which cause\n")
    return "\n".join([*parts, _table(("alert", "opens when", "causes"), rows)])


def _cause(one: CauseEntry, told: CauseExample) -> str:
    said = " ".join(part for part in (told.what.rstrip(".") + ".", told.why) if part)
    lines = (
        ("How it is proved", one.proved),
        ("What it cannot see", one.unseen),
        ("What to do", one.do),
        ("Since", one.since),
        ("Alert", ", ".join(f"`{name}`" for name in one.alerts)),
        (f"Example ({told.case}, {told.severity})", said),
        ("Why its example was not seen", one.made_up),
    )
    body = "\n".join(f"- **{name}:** {text}" for name, text in lines if text)
    return f"### {one.rule}\n\n{one.means}\n\n{body}\n"


def _summary(detector: str) -> str:
    known = detectors().get(detector)
    return str(known.summary) if known else "The bot watches itself"


def metric_table(known: Iterable[Described]) -> str:
    """Return the table of metrics, in the order in which they are described."""
    rows = [
        (
            f"`{one.name}`",
            one.kind.value,
            ", ".join(f"`{label}`" for label in one.labels),
            f"{one.text.rstrip('.')}{' (from the leader alone)' if one.leads else ''}",
        )
        for one in known
    ]
    return _table(("metric", "kind", "labels", "what it says"), rows)


def generated() -> dict[Path, str]:
    """Return every generated file with the text it should have. Raises ValueError on no marker."""
    tables = {
        COMMANDS: ("commands", command_table(commands())),
        DETECTORS: ("detectors", detector_table(detectors())),
        CAUSES: ("causes", cause_pages()),
        METRICS: ("metrics", metric_table(CATALOGUE)),
    }
    return {
        **{path: between(path.read_text(encoding="utf-8"), *row) for path, row in tables.items()},
        MANIFEST: MANIFEST_HEAD + to_yaml(build_manifest(commands())),
    }


def between(text: str, name: str, content: str) -> str:
    """Return `text` with `content` between its markers `<!-- name:begin -->` and `:end`."""
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"no {begin} ... {end} in the text")
    return f"{before}{begin}\n{content}{end}{after}"


def main(arguments: Iterable[str] = ()) -> int:
    """Write the files, or with --check return 1 when one is stale."""
    stale = [
        path
        for path, text in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    if "--check" in list(arguments):
        for path in stale:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run `make docs`\n")
        return 1 if stale else 0
    for path in stale:
        path.write_text(generated()[path], encoding="utf-8")
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
    return 0


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    lines += [f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
