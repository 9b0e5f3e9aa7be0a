"""The house rules, executable: import direction, drivers in their rooms, mirror tests, sizes."""

import ast
from collections import Counter
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from bot.domain import evidence
from tests.support.paths import ROOT

FILES = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")])

# Each room imports only what stands on a lower floor; a room that is not listed fails.
FLOORS = (
    {"bot.border"},
    {"bot.domain"},
    {"bot.errors"},
    {"bot.drivers", "bot.text", "bot.ports", "bot.settings"},
    {"bot.registry", "bot.log", "bot.monitoring", "bot.charts"},
    {"bot.diagnosis", "bot.sources", "bot.alerts"},
    {"bot.detectors", "commands", "bot.replay", "bot.requests"},
    {"bot.slack"},
    {"bot.service", "bot.docs"},
    {"bot.cli", "bot.demo"},
    {"bot.__main__"},
)
SEALED = {"bot.sources", "bot.slack", "bot.alerts", "bot.detectors"}
ABOVE_THE_SEALED = {"bot.service", "bot.docs", "bot.cli", "bot.demo", "bot.__main__"}
REPLAY_MAY = ("bot.alerts.policy", "bot.alerts.self_monitoring", "bot.sources.log_format")
# What lies deeper in the house of diagnosis knows nothing of what lies above it.
DIAGNOSIS = (
    {"publishing"},
    {"evidence"},
    {"queue"},
    {"comparison"},
    {"runner", "trace"},
    {"batch"},
    {"investigate"},
    {"compare"},
)
FILES_IN_A_ROOM = 16
FILES_IN_BOT = 9
DRIVERS = {
    "asyncpg": {"bot/sources/cj/", "bot/alerts/store/"},
    "docker": {"bot/sources/docker/"},
    "redis": {"bot/sources/llm_queue.py", "bot/sources/redis/"},
    "aiokafka": {"bot/sources/kafka/"},
    "matplotlib": {"bot/charts/__main__.py"},
    "slack_bolt": {"bot/slack/inbound/listeners.py"},
    "slack_sdk": {"bot/slack/"},
}
BROAD_EXCEPTS = {"bot/slack/inbound/listeners.py": 1, "bot/alerts/tick.py": 1, "bot/__main__.py": 1}


def _floor(room: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    pytest.fail(f"{room} stands on no floor: add it to FLOORS")


def _diagnosis(module: str) -> str | None:
    parts = module.split(".")
    inside = parts[:2] == ["bot", "diagnosis"] and len(parts) > 2
    return parts[2] if inside and parts[2] not in ("alerts", "logs", "export") else None


def _at_import(path: Path) -> set[str]:
    """What is imported when the module is: not what a function or a type checker imports."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


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


def _ours(path: Path) -> set[str]:
    return {name for name in _imports(path) if name.split(".")[0] in ("bot", "commands")} - {"bot"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_what_stands_on_a_lower_floor(path: Path) -> None:
    module, room = _module(path), _room(_module(path))
    if module == "bot":
        assert not _ours(path)
        return
    below = set[str]().union(*FLOORS[: _floor(room)]) | {room}
    wrong = {name for name in _ours(path) if _room(name) not in below}
    assert not wrong, f"{path.relative_to(ROOT)} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_sources_slack_alerts_and_detectors_do_not_know_one_another(path: Path) -> None:
    room = _room(_module(path))
    if room in ABOVE_THE_SEALED:
        return
    wrong = {name for name in _ours(path) if _room(name) in SEALED - {room}}
    if room == "bot.replay":
        wrong = {name for name in wrong if not name.startswith(REPLAY_MAY)}
    assert not wrong, f"{path.relative_to(ROOT)} may not import {sorted(wrong)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_diagnosis_builds_only_on_deeper_ones(path: Path) -> None:
    room = _diagnosis(_module(path))
    if room is None:
        return
    rank = next(number for number, rooms in enumerate(DIAGNOSIS) if room in rooms)
    above = set[str]().union(*DIAGNOSIS[rank:]) - {room}
    wrong = {name for name in _ours(path) if _diagnosis(name) in above}
    assert not wrong, f"{path.relative_to(ROOT)} may not import {sorted(wrong)}"


def test_no_module_imports_itself_through_others() -> None:
    modules = {_module(path): path for path in FILES}
    graph = {
        name: {found for found in _at_import(path) if found in modules and found != name}
        for name, path in modules.items()
    }
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"a circle of imports: {error.args[1]}")


def test_no_room_holds_more_than_a_stranger_can_read_over() -> None:
    rooms = Counter(path.parent.relative_to(ROOT).as_posix() for path in FILES)
    full = {
        room: count
        for room, count in rooms.items()
        if count > (FILES_IN_BOT if room == "bot" else FILES_IN_A_ROOM)
    }
    assert not full


def test_every_room_says_what_lives_in_it() -> None:
    rooms = {path.parent for path in FILES}
    silent = [
        room.relative_to(ROOT).as_posix()
        for room in rooms
        if ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) is None
    ]
    assert not silent


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_driver_is_imported_only_in_its_room(path: Path) -> None:
    place = path.relative_to(ROOT).as_posix()
    if place.startswith("bot/demo/"):
        return
    for name in {name.split(".")[0] for name in _imports(path)} & DRIVERS.keys():
        rooms = DRIVERS[name]
        assert any(place.startswith(room) for room in rooms), f"{place} may not import {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_source_name_is_written_once(path: Path) -> None:
    if path == ROOT / "bot/domain/evidence.py":
        return
    names = {evidence.DATABASE, evidence.QUEUE, evidence.TOPIC, evidence.HEALTH, evidence.SESSIONS}
    texts = {
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant)
    }
    assert not texts & names, "import it from bot.domain.evidence"


def test_every_plug_in_has_its_mirror_test() -> None:
    plug_ins = [
        path
        for folder in ("commands", "bot/detectors")
        for path in (ROOT / folder).rglob("[!_]*.py")
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


MIRRORS = [path for room in ("bot", "commands") for path in (ROOT / "tests" / room).rglob("*.py")]


@pytest.mark.parametrize("path", MIRRORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_test_stands_where_what_it_tests_stands(path: Path) -> None:
    """Named after its file or folder, and after a part of it: what cuts across is a scenario."""
    room = ROOT / path.parent.relative_to(ROOT / "tests")
    assert room.is_dir()
    if path.name == "__init__.py":
        return
    tested = path.stem.removeprefix("test_")
    assert path.stem != tested, "what only helps stands in tests/support"
    places = {one.stem.strip("_") for one in room.iterdir()}
    assert any(tested == place or tested.startswith(f"{place}_") for place in places)


def test_no_test_leans_on_another() -> None:
    """What two of them need stands in tests/support."""
    leaning = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in _imports(path)
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split("."))
    ]
    assert leaning == []


def test_broad_excepts_stand_only_at_the_three_boundaries() -> None:
    counts: dict[str, int] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node.type):
                place = path.relative_to(ROOT).as_posix()
                counts[place] = counts.get(place, 0) + 1
    over = {place: n for place, n in counts.items() if n > BROAD_EXCEPTS.get(place, 0)}
    assert not over


def test_a_public_class_name_stands_for_one_thing() -> None:
    places: dict[str, set[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, set()).add(path.relative_to(ROOT).as_posix())
    twice = {name: sorted(found) for name, found in places.items() if len(found) > 1}
    assert not twice


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


# Rooms that turn typed times into characters, and those whose times are data or their own log.
WORDS_TIMES = ("bot/text/", "bot/slack/blocks/", "bot/cli/", "bot/demo/")
TIMES_AS_DATA = {"bot/log.py", "bot/sources/loki/entries.py"}
CLOCK_FORMATS = ("%H", "%M", "%I", "%T")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_renderers_turn_a_time_into_words(path: Path) -> None:
    name = path.relative_to(ROOT).as_posix()
    if name.startswith(WORDS_TIMES) or name in TIMES_AS_DATA:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    specs = [
        ast.unparse(node.format_spec)
        for node in ast.walk(tree)
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None
    ]
    assert not [spec for spec in specs if any(one in spec for one in CLOCK_FORMATS)]
    called = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert "strftime" not in called, "write Time(at); a renderer words it"
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "span_words" not in named or name == "bot/domain/words.py", "write Span(length)"
