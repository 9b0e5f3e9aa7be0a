"""The house rules, executable: import direction, drivers in their rooms, mirror tests, sizes."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")])

INNER = {"bot.domain", "bot.errors"}
CORE = INNER | {"bot.ports", "bot.registry"}
DESK = {"bot.forms", "bot.home", "bot.orders", "bot.runs", "bot.shares", "bot.voice"}
MAY_IMPORT = {
    "bot.domain": {"bot.domain", "bot.errors"},
    "bot.errors": set(),
    "bot.ports": INNER | {"bot.ports"},
    "bot.registry": INNER | {"bot.ports"},
    "bot.settings": INNER,
    "bot.log": INNER,
    "bot.diagnosis": CORE | {"bot.diagnosis"},
    "bot.detectors": CORE | {"bot.diagnosis", "bot.detectors"},
    "commands": CORE | {"bot.diagnosis", "commands"},
    "bot.alerts": CORE | {"bot.alerts", "bot.log"},
    "bot.sources": INNER | {"bot.ports", "bot.sources", "bot.log"},
    "bot.charts": INNER | {"bot.charts"},
    "bot.slack": CORE | {"bot.slack", "bot.log"},
    "bot.access": INNER | {"bot.ports"},
    "bot.phrase": CORE,
    "bot.orders": CORE | {"bot.access", "bot.phrase"},
    "bot.payload": CORE,
    "bot.voice": CORE,
    "bot.runs": CORE | {"bot.orders", "bot.voice"},
    "bot.shares": CORE | {"bot.access", "bot.voice"},
    "bot.forms": CORE | {"bot.orders", "bot.voice"},
    "bot.home": CORE | {"bot.orders", "bot.voice"},
    "bot.desk": CORE | DESK | {"bot.access", "bot.log", "bot.metrics"},
    "bot.app": CORE | {"bot.desk", "bot.log", "bot.metrics", "bot.payload", "bot.phrase"},
}
DRIVERS = {
    "asyncpg": {"bot/sources/cj_database.py", "bot/alerts/store.py"},
    "docker": {
        "bot/sources/docker_engine.py",
        "bot/sources/engines.py",
        "bot/sources/containers.py",
        "bot/sources/runners.py",
    },
    "redis": {"bot/sources/llm_queue.py"},
    "aiokafka": {"bot/sources/topic_reader.py", "bot/sources/consumer_group.py"},
    "matplotlib": {"bot/charts/__main__.py"},
    "slack_bolt": {"bot/app.py"},
    "slack_sdk": {"bot/slack/"},
}
BROAD_EXCEPTS = {"bot/app.py": 1, "bot/alerts/tick.py": 1, "bot/__main__.py": 1}


def _room(module: str) -> str:
    if module.split(".")[0] == "commands":
        return "commands"
    return ".".join(module.split(".")[:2])


def _module(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {node.module} if node.module != "bot" else {f"bot.{a.name}" for a in node.names}
            )
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_lies_further_in(path: Path) -> None:
    allowed = MAY_IMPORT.get(_room(_module(path)))
    if allowed is None:
        return
    ours = {name for name in _imports(path) if name.split(".")[0] in ("bot", "commands")}
    wrong = {name for name in ours if _room(name) not in allowed and name != "bot"}
    assert not wrong, f"{path.relative_to(ROOT)} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_driver_is_imported_only_in_its_room(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    if place.startswith("bot/demo/"):
        return
    for name in {name.split(".")[0] for name in _imports(path)} & DRIVERS.keys():
        rooms = DRIVERS[name]
        assert any(place.startswith(room) for room in rooms), f"{place} may not import {name}"


def test_every_plug_in_has_its_mirror_test() -> None:
    plug_ins = [
        path
        for folder in ("commands", "bot/detectors")
        for path in (ROOT / folder).glob("[!_]*.py")
        if any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and {"COMMAND", "DETECTOR"} & {ast.unparse(t) for t in _targets(node)}
            for node in ast.parse(path.read_text(encoding="utf-8")).body
        )
    ]
    missing = [
        str(path.relative_to(ROOT))
        for path in plug_ins
        if not (ROOT / "tests" / path.relative_to(ROOT)).with_name(f"test_{path.name}").exists()
    ]
    assert not missing, f"no mirror test for {missing}"


def test_broad_excepts_stand_only_at_the_three_boundaries() -> None:
    counts: dict[str, int] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
                place = path.relative_to(ROOT).as_posix()
                counts[place] = counts.get(place, 0) + 1
    over = {place: n for place, n in counts.items() if n > BROAD_EXCEPTS.get(place, 0)}
    assert not over


def test_functions_and_files_stay_small() -> None:
    long_functions, long_files = [], []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > 400 and path.parent.name != "incident":  # data, not code
            long_files.append(str(path.relative_to(ROOT)))
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > 60:
                    long_functions.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not long_functions
    assert not long_files


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _is_broad(type_: ast.expr | None) -> bool:
    return type_ is None or (
        isinstance(type_, ast.Name) and type_.id in ("Exception", "BaseException")
    )
