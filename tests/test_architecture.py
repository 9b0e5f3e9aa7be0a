"""The house rules, executable: import direction, drivers in their rooms, mirror tests, sizes."""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from bot.domain import evidence
from tests.support.paths import ROOT

FILES = sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")])

# Each room imports only what stands on a lower floor; a room that is not listed fails.
FLOORS = (
    {"bot.deferred"},
    {"bot.border"},
    {"bot.domain"},
    {"bot.errors", "bot.catalogue"},
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
    {"changes"},
    {"queue"},
    {"comparison"},
    {"runner", "trace"},
    {"batch"},
    {"investigate", "trends"},
    {"compare"},
)
FILES_IN_A_ROOM = 16
FILES_IN_BOT = 9
LONGEST_FILE, LONGEST_FUNCTION = 330, 55  # lines; 300 and 50 are what to aim at
DRIVERS = {
    "asyncpg": {"bot/sources/cj/", "bot/alerts/store/"},
    "docker": {"bot/sources/docker/"},
    "redis": {"bot/sources/llm_queue.py", "bot/sources/redis/"},
    "aiokafka": {"bot/sources/kafka/"},
    "matplotlib": {"bot/charts/__main__.py"},
    "slack_bolt": {"bot/slack/inbound/listeners.py"},
    "slack_sdk": {"bot/slack/"},
    "mcp": {"bot/cli/mcp/"},
}
BOUNDARIES = ("bot/requests/boundary.py", "bot/alerts/tick.py", "bot/__main__.py")
BROAD = {"Exception", "BaseException", "ExceptionGroup", "BaseExceptionGroup"}


def _floor(room: str) -> int:
    for number, rooms in enumerate(FLOORS):
        if room in rooms:
            return number
    pytest.fail(f"{room} stands on no floor: add it to FLOORS")


def _diagnosis(module: str) -> str | None:
    parts = module.split(".")
    inside = parts[:2] == ["bot", "diagnosis"] and len(parts) > 2
    return parts[2] if inside and parts[2] not in ("alerts", "silences", "logs", "export") else None


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def _nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(_tree(path)))


def _faults(judge: Callable[[Path], object], paths: Iterable[Path] = FILES) -> dict[str, object]:
    """Return what is wrong with each file, by its place; a case a file would cost seconds."""
    found = {path.relative_to(ROOT).as_posix(): judge(path) for path in paths}
    return {place: fault for place, fault in found.items() if fault}


def _at_import(path: Path) -> set[str]:
    """What is imported when the module is: not what a function or a type checker imports."""
    return _named(_tree(path).body)


def _named(nodes: Iterable[ast.AST]) -> set[str]:
    """Return what import statements name: modules, and what may be a module of a package."""
    found: set[str] = set()
    for node in nodes:
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
    for node in _nodes(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= (
                {node.module} if node.module != "bot" else {f"bot.{a.name}" for a in node.names}
            )
    return found


def _ours(path: Path) -> set[str]:
    return {name for name in _imports(path) if name.split(".")[0] in ("bot", "commands")} - {"bot"}


def test_a_room_imports_only_what_stands_on_a_lower_floor() -> None:
    def imported_too_high(path: Path) -> set[str]:
        module, room = _module(path), _room(_module(path))
        if module == "bot":
            return _ours(path)
        below = set[str]().union(*FLOORS[: _floor(room)]) | {room}
        return {name for name in _ours(path) if _room(name) not in below}

    assert _faults(imported_too_high) == {}


def test_sources_slack_alerts_and_detectors_do_not_know_one_another() -> None:
    """Nor does a room below the composition root know any of them."""

    def sealed_imports(path: Path) -> set[str]:
        room = _room(_module(path))
        if room in ABOVE_THE_SEALED:
            return set()
        wrong = {name for name in _ours(path) if _room(name) in SEALED - {room}}
        if room == "bot.replay":
            wrong = {name for name in wrong if not name.startswith(REPLAY_MAY)}
        return wrong

    assert _faults(sealed_imports) == {}


def test_a_diagnosis_builds_only_on_deeper_ones() -> None:
    def imported_from_above(path: Path) -> set[str]:
        room = _diagnosis(_module(path))
        if room is None:
            return set()
        rank = next(number for number, rooms in enumerate(DIAGNOSIS) if room in rooms)
        above = set[str]().union(*DIAGNOSIS[rank:]) - {room}
        return {name for name in _ours(path) if _diagnosis(name) in above}

    assert _faults(imported_from_above) == {}


def test_no_module_imports_itself_through_others() -> None:
    modules = {_module(path): path for path in FILES}
    graph = {
        name: {found for found in _at_import(path) if found in modules and found != name}
        for name, path in modules.items()
    }
    assert _circle(graph) == ""


def test_no_folder_or_file_needs_a_sibling_that_needs_it() -> None:
    """Nor in a longer circle, nor where a function or a type checker alone imports."""
    modules = {_module(path): path for path in FILES}
    needs: dict[str, dict[str, set[str]]] = {}
    for name, path in modules.items():
        for found in _named(_nodes(path)) & modules.keys():
            parent, mine, other = _siblings(name, found)
            if mine and other:
                needs.setdefault(parent, {}).setdefault(mine, set()).add(other)
    circles = [f"{parent}: {circle}" for parent in needs if (circle := _circle(needs[parent]))]
    assert circles == []


def _siblings(module: str, imported: str) -> tuple[str, str, str]:
    """Return the innermost folder that holds both, and in which of its parts each of them is."""
    one, other = module.split("."), imported.split(".")
    shared = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    return ".".join(one[:shared]), "".join(one[shared : shared + 1]), "".join(other[shared:][:1])


def _circle(needs: Mapping[str, set[str]]) -> str:
    try:
        tuple(TopologicalSorter(needs).static_order())
    except CycleError as error:
        return " -> ".join(error.args[1])
    return ""


def test_no_room_holds_more_than_a_stranger_can_read_over() -> None:
    rooms = Counter(path.parent.relative_to(ROOT).as_posix() for path in FILES)
    full = {
        room: count
        for room, count in rooms.items()
        if count > (FILES_IN_BOT if room == "bot" else FILES_IN_A_ROOM)
    }
    assert not full


HOUSE = (ROOT / "bot" / "README.md").read_text(encoding="utf-8")


def test_the_page_on_the_house_names_every_room_and_loose_file() -> None:
    tree = HOUSE.split("```")[1]
    rooms = {f"{path.parent.name}/" for path in FILES if len(path.relative_to(ROOT).parts) < 5}
    loose = {path.name for path in (ROOT / "bot").glob("[!_]*.py")}
    assert {name for name in rooms | loose if name not in tree} == set()


def test_the_page_on_the_house_has_the_floors_of_the_imports() -> None:
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", HOUSE, re.M)
    told = {int(number): set(re.findall(r"`(\w+)`", rooms)) for number, rooms in rows}
    floors = [{room.removeprefix("bot.") for room in rooms} for rooms in FLOORS]
    assert told == dict(enumerate(floors))


def test_every_room_says_what_lives_in_it() -> None:
    rooms = {path.parent for path in FILES}
    silent = [
        room.relative_to(ROOT).as_posix()
        for room in rooms
        if ast.get_docstring(_tree(room / "__init__.py")) is None
    ]
    assert not silent


ROOMS = {path.parent for path in FILES} - {ROOT / "bot"}


def _told(room: Path) -> str:
    """Return what a room's docstring says, in one line."""
    return " ".join((ast.get_docstring(_tree(room / "__init__.py")) or "").split())


def test_every_room_says_what_it_may_import_and_how_to_add_one() -> None:
    verbs = "add|allow|change|compare|count|explain|note|read|recognise|replay|route"
    adds = re.compile(rf"\b(to ({verbs}) |a (new|further) )")
    told = {room.relative_to(ROOT).as_posix(): _told(room).lower() for room in ROOMS}
    assert [room for room, text in told.items() if "import" not in text] == []
    assert [room for room, text in told.items() if not adds.search(text)] == []


def test_what_a_room_says_it_may_import_is_what_the_floors_allow_and_all_that_it_imports() -> None:
    names = {room.removeprefix("bot.") for room in set[str]().union(*FLOORS)}

    def untrue(room: str) -> set[str]:
        below = set[str]().union(*FLOORS[: _floor(room)])
        allowed = below if room in ABOVE_THE_SEALED else below - SEALED
        if room == "bot.replay":
            allowed |= {"bot.alerts", "bot.sources"}
        found = re.search(r"may import:? (.+?)(?:\. |;|\.$)", _told(ROOT / _folder(room)), re.I)
        listed = found[1] if found else ""
        if re.search(r"every (other )?room|the rooms below", listed):
            return set()
        said = {f"bot.{name}" for name in re.findall(r"\w+", listed) if name in names} - {room}
        files = (path for path in FILES if _room(_module(path)) == room)
        used = {_room(name) for path in files for name in _ours(path)} - {room}
        return (said - allowed) | (used - said)

    rooms = {_room(_module(path)) for path in FILES if path.parent != ROOT / "bot"}
    assert {room: wrong for room in rooms if (wrong := untrue(room))} == {}


def _folder(room: str) -> str:
    return room.replace(".", "/")


# Where it is meant literally: who is told something, and a user of the system called nobody.
LITERAL = ("bot/domain/progress.py", "canvases.py", "embedded_postgres_home.py")


def test_docstrings_are_plain_technical_english() -> None:
    """What is reported, shown or alerted on is not "told"; nor is anything done "anew"."""

    def figurative(path: Path) -> list[str]:
        owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        texts = [ast.get_docstring(node) or "" for node in _nodes(path) if isinstance(node, owners)]
        found = re.findall(r"\b(told|anew|foresaw|nobody)\b", " ".join(texts))
        return [] if path.as_posix().endswith(LITERAL) else found

    assert _faults(figurative) == {}


def test_a_driver_is_imported_only_in_its_room() -> None:
    def foreign_drivers(path: Path) -> set[str]:
        place = path.relative_to(ROOT).as_posix()
        if place.startswith("bot/demo/"):
            return set()
        drivers = {name.split(".")[0] for name in _imports(path)} & DRIVERS.keys()
        return {name for name in drivers if not place.startswith(tuple(DRIVERS[name]))}

    assert _faults(foreign_drivers) == {}


def test_a_source_name_is_written_once() -> None:
    """Elsewhere it is imported from bot.domain.evidence."""
    names = {evidence.DATABASE, evidence.QUEUE, evidence.TOPIC, evidence.HEALTH, evidence.SESSIONS}
    names |= {store.source_name for store in evidence.LogStore}

    def names_in(path: Path) -> set[str]:
        return {n.value for n in _nodes(path) if isinstance(n, ast.Constant) and n.value in names}

    assert _faults(names_in).keys() == {"bot/domain/evidence.py"}


def test_every_plug_in_has_its_mirror_test() -> None:
    plug_ins = [
        path
        for folder in ("commands", "bot/detectors")
        for path in (ROOT / folder).rglob("[!_]*.py")
        if any(
            isinstance(node, ast.Assign | ast.AnnAssign)
            and {"COMMAND", "DETECTOR"} & {ast.unparse(t) for t in _targets(node)}
            for node in _tree(path).body
        )
    ]
    missing = [
        str(path.relative_to(ROOT))
        for path in plug_ins
        if not (ROOT / "tests" / path.relative_to(ROOT)).with_name(f"test_{path.name}").exists()
    ]
    assert not missing, f"no mirror test for {missing}"


MIRRORS = [path for room in ("bot", "commands") for path in (ROOT / "tests" / room).rglob("*.py")]


def test_a_test_stands_where_what_it_tests_stands() -> None:
    """Named after its file or folder, and after a part of it: what cuts across is a scenario."""

    def misplaced(path: Path) -> str:
        room = ROOT / path.parent.relative_to(ROOT / "tests")
        if not room.is_dir():
            return "no such room"
        tested = path.stem.removeprefix("test_")
        if path.name == "__init__.py":
            return ""
        if path.stem == tested:
            return "what only helps stands in tests/support"
        places = {one.stem.strip("_") for one in room.iterdir()}
        fits = any(tested == place or tested.startswith(f"{place}_") for place in places)
        return "" if fits else "named after nothing in its room"

    assert _faults(misplaced, MIRRORS) == {}


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
    """A request, a part of a tick and the command line: each has one."""
    broad = Counter(
        path.relative_to(ROOT).as_posix()
        for path in FILES
        for node in _nodes(path)
        if _swallows_all(node)
    )
    assert broad == Counter(BOUNDARIES)


@pytest.mark.parametrize(
    "written",
    [
        "try: pass\nexcept: pass",
        "try: pass\nexcept Exception: pass",
        "try: pass\nexcept BaseException: pass",
        "try: pass\nexcept (ValueError, Exception): pass",
        "try: pass\nexcept builtins.Exception: pass",
        "with suppress(Exception): pass",
        "with contextlib.suppress(OSError, Exception): pass",
    ],
)
def test_a_broad_except_is_seen_however_it_is_written(written: str) -> None:
    assert any(_swallows_all(node) for node in ast.walk(ast.parse(written)))


# Names that libraries call.
CALLED_BY_LIBRARIES = {"settings_customise_sources", "get_credentials_async"}


def test_what_stands_in_the_product_is_used_by_it() -> None:
    """A function, class or constant that only tests use stands in tests/support."""
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    said = Counter(word for text in texts for word in re.findall(r"\w+", text))

    def unused(path: Path) -> set[str]:
        nodes = [node for node in _nodes(path) if not getattr(node, "decorator_list", ())]
        functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        names = {node.name for node in nodes if isinstance(node, functions)}
        for node in _tree(path).body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                names |= {target.id for target in _targets(node) if isinstance(target, ast.Name)}
        once = {name for name in names if said[name] == 1 and not name.startswith("__")}
        return once - CALLED_BY_LIBRARIES

    assert _faults(unused) == {}


def test_a_public_class_name_stands_for_one_thing() -> None:
    places: dict[str, set[str]] = {}
    for path in FILES:
        for node in _nodes(path):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, set()).add(path.relative_to(ROOT).as_posix())
    twice = {name: sorted(found) for name, found in places.items() if len(found) > 1}
    assert not twice


def test_functions_and_files_stay_small() -> None:
    long_functions, long_files = [], []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        if text.count("\n") > LONGEST_FILE:
            long_files.append(str(path.relative_to(ROOT)))
        for node in _nodes(path):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > LONGEST_FUNCTION:
                    long_functions.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert not long_functions
    assert not long_files


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _swallows_all(node: ast.AST) -> bool:
    if isinstance(node, ast.ExceptHandler):
        return node.type is None or _names_all(node.type)
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
        return any(map(_names_all, node.args))
    return False


def _names_all(kind: ast.expr) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(ast.unparse(one).rpartition(".")[2] in BROAD for one in kinds)


# Rooms that turn typed times into characters, and those whose times are data or their own log.
WORDS_TIMES = ("bot/text/", "bot/slack/blocks/", "bot/cli/", "bot/demo/")
TIMES_AS_DATA = {"bot/log.py", "bot/sources/loki/entries.py"}
CLOCK_FORMATS = ("%H", "%M", "%I", "%T")


def test_only_renderers_turn_a_time_into_words() -> None:
    """The others write Time(at) and Span(length)."""

    def worded_times(path: Path) -> list[str]:
        name = path.relative_to(ROOT).as_posix()
        if name.startswith(WORDS_TIMES) or name in TIMES_AS_DATA:
            return []
        nodes = _nodes(path)
        specs = [
            ast.unparse(node.format_spec)
            for node in nodes
            if isinstance(node, ast.FormattedValue) and node.format_spec is not None
        ]
        found = [spec for spec in specs if any(one in spec for one in CLOCK_FORMATS)]
        found += [n.attr for n in nodes if isinstance(n, ast.Attribute) and n.attr == "strftime"]
        if name != "bot/domain/words.py":
            found += [n.id for n in nodes if isinstance(n, ast.Name) and n.id == "span_words"]
        return found

    assert _faults(worded_times) == {}
