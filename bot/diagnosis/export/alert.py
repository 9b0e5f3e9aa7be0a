"""An alert as a folder that `batchbot replay` judges again to the same verdict; pure.

`samples.jsonl` begins with a line that names the alert; then comes one line for each sample that
its detectors judged by. `<container>.log` files hold the redacted log lines among them.
"""

import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.domain.alert import Recording
from bot.domain.report import plain
from bot.text.redaction import redact

SAMPLES = "samples.jsonl"
# A zip has no dates before 1980 and none that matter here; a fixed one makes equal zips equal.
ZIP_DATE = (2020, 1, 1, 0, 0, 0)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")


def folder(recording: Recording) -> dict[str, bytes]:
    """Return the files of a replay folder by name."""
    files = {SAMPLES: "".join(f"{json.dumps(line)}\n" for line in _lines(recording)).encode()}
    logs: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for source, at, text in _evidence(recording):
        logs[_UNSAFE.sub("_", source)[:80] or "log"].add((at, redact(text)))
    for name, found in logs.items():
        files[f"{name}.log"] = "".join(_log_line(*one) for one in sorted(found)).encode()
    return files


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return files as one zip; equal files make equal zips."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _lines(recording: Recording) -> Iterator[dict[str, Any]]:
    alert = recording.alert
    yield {
        "at": plain(alert.opened_at),
        "export": {
            "key": alert.key,
            "environment": alert.environment,
            "rule": alert.condition.rule,
            "severity": alert.severity.value,
            "detectors": sorted(recording.samples),
        },
    }
    samples = [(one.at, name, one) for name, some in recording.samples.items() for one in some]
    for at, name, sample in sorted(samples, key=lambda one: one[:2]):
        yield {
            "at": plain(at),
            "sample": {
                "detector": name,
                "data": plain(dict(sample.data)),
                "unreadable": sample.unreadable,
            },
        }


def _evidence(recording: Recording) -> Iterator[tuple[str, str, str]]:
    for line in recording.alert.condition.evidence:
        if line.at is not None:
            yield line.source, plain(line.at), str(line.text)
    for samples in recording.samples.values():
        for sample in samples:
            yield from _examples(sample.data)


def _examples(value: Any) -> Iterator[tuple[str, str, str]]:
    """Yield the log lines that a sample keeps, wherever in it they stand."""
    if isinstance(value, Mapping):
        texts = [value.get(name) for name in ("source", "at", "text")]
        if all(isinstance(text, str) for text in texts) and _is_time(str(texts[1])):
            yield str(texts[0]), str(texts[1]), str(texts[2])
        for inner in value.values():
            yield from _examples(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _examples(inner)


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _log_line(at: str, text: str) -> str:
    return json.dumps({"timestamp": at, "level": "warning", "event": text}) + "\n"
