"""Judges blocks and views by Slack's own TypeScript types, all in one run of the compiler.

Blocks are reduced to their shape first (texts without their words, lists without repeats), so
that the thousands that property tests render become a few hundred.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.paths import ROOT

PAGE = ROOT / "bot" / "demo" / "page"
TSC = PAGE / "node_modules" / ".bin" / "tsc"
SECONDS = 120
# What a type spells out word by word; every other text is any string.
SPELT = frozenset({"type", "style", "align"})
HEAD = """import type { HomeView, KnownBlock, ModalView } from "@slack/types";
type Point = { label: string; value: number };
type Axes = { categories: string[]; x_label?: string; y_label?: string };
type Series = { name: string; data: Point[] };
type Chart =
  | { type: "line" | "bar" | "area"; series: Series[]; axis_config: Axes }
  | { type: "pie"; segments: Point[] };
type DataVisualization = {
  type: "data_visualization"; block_id?: string; title: string; chart: Chart;
};
"""
KINDS = {
    "block": "(KnownBlock | DataVisualization)[]",
    "modal": "ModalView",
    "home": "HomeView",
}


def shape(value: Any, key: str = "") -> Any:
    """Return what a type sees of a value."""
    if isinstance(value, str):
        return value if key in SPELT else "s"
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        return 1
    if isinstance(value, Mapping):
        return {name: shape(item, name) for name, item in value.items()}
    items = {json.dumps(one, sort_keys=True): one for one in (shape(v, key) for v in value)}
    return list(items.values())


def block_shapes(blocks: Iterable[Mapping[str, Any]]) -> set[tuple[str, str]]:
    """Return the shape of each block of a message."""
    return {("block", json.dumps(shape(block), sort_keys=True)) for block in blocks}


def view_shapes(view: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Return the shape of a view, and of each of its blocks."""
    whole = (str(view["type"]), json.dumps(shape(view), sort_keys=True))
    return {whole, *block_shapes(view["blocks"])}


def missing() -> str:
    """Return why the compiler cannot be run, empty when it can; installs it where npm is."""
    if not TSC.exists():
        npm = shutil.which("npm")
        if npm is None:
            return "no npm: messages are not checked against Slack's types"
        command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(command, cwd=PAGE, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return f"npm ci failed in bot/demo/page: {done.stderr[-300:]}"
    return ""


def wanted() -> bool:
    """Say whether a missing compiler is a failure."""
    return os.environ.get("CI") == "true"


def complaints(shapes: Iterable[tuple[str, str]]) -> str:
    """Return what the compiler says against the shapes, empty when they are of Slack's types."""
    lines = [
        f"const x{number} = {f'[{text}]' if kind == 'block' else text} satisfies {KINDS[kind]};\n"
        for number, (kind, text) in enumerate(sorted(shapes))
    ]
    with TemporaryDirectory() as folder:
        (Path(folder) / "node_modules").symlink_to(PAGE / "node_modules")
        file = Path(folder) / "rendered.ts"
        file.write_text(HEAD + "".join(lines), encoding="utf-8")
        options = "--noEmit --strict --skipLibCheck --module nodenext --moduleResolution nodenext"
        command = [str(TSC), *options.split(), "--types", "", str(file)]
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    return "" if done.returncode == 0 else (done.stdout or done.stderr or "tsc failed")
