"""The static law of outside text: what a service wrote reaches no words of ours but by the border.

`Outside` lets nothing out of an f-string, `%`, `format` or `str()`: those ask the border. Its
characters come out where it is opened (`raw`), joined by another text, taken apart by a pattern,
encoded or dumped. Where that is done is a closed list, each with its reason, and what was opened is
written into no words even there.
"""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.support.paths import ROOT

# The demo plays the services and Slack: what it writes comes back through the sources.
FILES = [
    path
    for path in sorted([*(ROOT / "bot").rglob("*.py"), *(ROOT / "commands").rglob("*.py")])
    if not path.relative_to(ROOT).as_posix().startswith(("bot/border/", "bot/demo/"))
]
# What a class that seals fields calls them, and what a command's and a person's words are called
# elsewhere: those hold no outside text.
OURS = {"name", "text", "options", "state", "wait", "image_id"}
# Where an event's `text` is outside text all the same.
OF_AN_EVENT = {"event", "line", "found"}

MATCHES = (
    "compares and looks for ids, codes and known words; what it gives is one of those, or yes or no"
)
OPENS = {
    "bot/cli/doctor/log_texts.py": "counts which of the texts that are known it holds",
    "bot/detectors/_batches.py": MATCHES,
    "bot/detectors/_line_owners.py": MATCHES,
    "bot/detectors/batches/_broken_waves.py": MATCHES,
    "bot/detectors/batches/_repeated.py": MATCHES,
    "bot/detectors/_provider_causes.py": MATCHES,
    "bot/detectors/callbacks/_untaken.py": MATCHES,
    "bot/detectors/callbacks/callbacks_not_stored.py": MATCHES,
    "bot/detectors/services/local_queue.py": "keys of what is remembered between ticks",
    "bot/detectors/services/start_failed.py": MATCHES,
    "bot/diagnosis/evidence/batch_lines.py": MATCHES,
    "bot/diagnosis/batch/refused.py": MATCHES,
    "bot/diagnosis/batch/rules/callbacks.py": MATCHES,
    "bot/diagnosis/comparison/database_words.py": MATCHES,
    "bot/diagnosis/comparison/failure_reasons.py": MATCHES,
    "bot/diagnosis/comparison/log_events.py": MATCHES,
    "bot/diagnosis/comparison/rejections.py": MATCHES,
    "bot/diagnosis/evidence/item_owners.py": MATCHES,
    "bot/diagnosis/investigate/timeline.py": MATCHES,
    "bot/diagnosis/evidence/log_lines.py": "joins a message and its class, and passes both",
    "bot/diagnosis/publishing/signs.py": MATCHES,
    "bot/diagnosis/queue/log_events.py": MATCHES,
    "bot/diagnosis/queue/open_requests.py": MATCHES,
    "bot/diagnosis/queue/redis_refusals.py": MATCHES,
    "bot/diagnosis/trace/prefix.py": MATCHES,
    "bot/sources/llm_queue.py": "writes back the id that it read, to Redis",
    "bot/sources/log_format/json_line.py": "reads the fields of a line, which are sealed again",
}
TAKES_APART = {
    "bot/detectors/callbacks/_handed_over.py": MATCHES,
    "bot/detectors/callbacks/rejected_callbacks.py": MATCHES,
    "bot/detectors/early/retries_rising.py": MATCHES,
    "bot/detectors/services/content_missing.py": MATCHES,
    "bot/detectors/services/database_errors.py": MATCHES,
    "bot/detectors/services/mock_answers.py": MATCHES,
    "bot/diagnosis/batch/finalisation_lines.py": MATCHES,
    "bot/diagnosis/batch/refused.py": MATCHES,
    "bot/diagnosis/batch/rules/content.py": MATCHES,
    "bot/diagnosis/batch/without_database.py": MATCHES,
    "bot/diagnosis/comparison/failure_reasons.py": MATCHES,
    "bot/diagnosis/comparison/log_events.py": MATCHES,
    "bot/diagnosis/evidence/submission.py": MATCHES,
    "bot/diagnosis/export/bundle.py": "a file's name, of which letters and digits stay",
    "bot/diagnosis/investigate/timeline.py": MATCHES,
    "bot/diagnosis/logs.py": "compares without blanks",
    "bot/diagnosis/publishing/signs.py": MATCHES,
    "bot/diagnosis/queue/log_events.py": MATCHES,
    "bot/diagnosis/queue/unkept_log.py": MATCHES,
    "bot/domain/ids.py": MATCHES,
    "bot/domain/service_state.py": MATCHES,
}
# What is opened and stands in words all the same: by function, and why nothing leaves by it.
WRITES_OPENED = {
    "bot/diagnosis/evidence/batch_lines.py:is_of_twin": "a text to be searched",
    "bot/diagnosis/comparison/rejections.py:_said": "a text to be searched",
}
SINKS = {
    "join",
    "sub",
    "subn",
    "search",
    "match",
    "fullmatch",
    "findall",
    "finditer",
    "encode",
    "dumps",
}
WRITERS = {"words", "joined", "Finding", "Report", "EvidenceLine", "Words", "Command", "Id"}


@cache
def sealed() -> frozenset[str]:
    """The names of the fields that facts seal as outside text."""
    found = {
        one.value
        for path in FILES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "seal"
        for given in call.keywords
        if given.arg == "texts" and isinstance(given.value, ast.Tuple)
        for one in given.value.elts
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    assert {"event", "message", "error_type", "correlation_id"} <= found
    return frozenset(found - OURS)


def is_field(node: ast.Attribute) -> bool:
    """Say whether an attribute is a sealed field."""
    if node.attr == "text":
        return isinstance(node.value, ast.Name) and node.value.id in OF_AN_EVENT
    return node.attr in sealed()


def is_opening(node: ast.AST) -> bool:
    """Say whether an expression gives the characters of an outside text as they are."""
    match node:
        case ast.Attribute(attr="raw", value=ast.Attribute(attr="_answer")):
            return False  # requests' own, of a stream of bytes
        case ast.Attribute(attr="raw"):
            return True
        case ast.Call(func=ast.Name(id="raw")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(id="str"), attr=method)):
            return method in ("__str__", "__format__", "__repr__", "__add__", "__getitem__")
    return False


def holds(node: ast.expr, names: set[str], *, opened: bool) -> bool:
    """Say whether an expression holds outside text, or with `opened` such text that was opened."""
    match node:
        case ast.Name():
            return node.id in names
        case ast.Attribute():
            return is_opening(node) if opened else is_field(node)
        case ast.Call():
            return gives(node, names, opened=opened)
        case ast.Compare() | ast.Lambda() | ast.JoinedStr():
            return False
        case ast.GeneratorExp() | ast.ListComp() | ast.SetComp():
            within = set(names)
            for each in node.generators:
                if holds(each.iter, within, opened=opened):
                    within |= names_in(each.target)
            return holds(node.elt, within, opened=opened)
    return any(holds(one, names, opened=opened) for one in parts_of(node))


def gives(call: ast.Call, names: set[str], *, opened: bool) -> bool:
    """Say whether a call gives outside text: one that opens it, makes it, or keeps it as it is."""
    if is_opening(call):
        return opened
    match call.func:
        case ast.Attribute(value=value, attr=method):
            return method in KEPT and holds(value, names, opened=opened)
        case ast.Name(id=name):
            return not opened and name in ("Outside", "outside")
    return False


def parts_of(node: ast.expr) -> list[ast.expr]:
    """Return the parts of an expression that may be what it gives."""
    match node:
        case ast.IfExp():
            return [node.body, node.orelse]
        case ast.Subscript():
            return [node.value]
    return [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]


KEPT = frozenset(
    {"lower", "upper", "casefold", "strip", "lstrip", "rstrip", "split", "splitlines", "partition"}
    | {"rpartition", "removeprefix", "removesuffix", "replace", "title", "format"}
)


def names_in(node: ast.AST) -> set[str]:
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def held_names(function: ast.AST, *, opened: bool) -> set[str]:
    """Return the local names that hold outside text at some time; the order is not looked at."""
    names: set[str] = set()
    before = -1
    while len(names) != before:
        before = len(names)
        for node in ast.walk(function):
            match node:
                case ast.Assign(targets=targets, value=value) if holds(value, names, opened=opened):
                    names |= {name for target in targets for name in names_in(target)}
                case ast.NamedExpr(target=target, value=value) if holds(
                    value, names, opened=opened
                ):
                    names.add(target.id)
                case (
                    ast.For(target=target, iter=value)
                    | ast.comprehension(target=target, iter=value)
                ) if holds(value, names, opened=opened):
                    names |= names_in(target)
    return names


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def opens(tree: ast.AST) -> bool:
    return any(is_opening(node) for node in ast.walk(tree))


def taken_apart(tree: ast.AST) -> list[str]:
    """Return where another text, a pattern or an encoder sees the characters of a sealed field."""
    found = []
    for function in functions(tree):
        names = held_names(function, opened=False)
        for node in ast.walk(function):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr not in SINKS:
                continue
            given = [*node.args, *([node.func.value] if node.func.attr == "encode" else [])]
            if any(holds(one, names, opened=False) for one in given):
                found.append(f"{function.name}: {ast.unparse(node)}")
    return found


def written(tree: ast.AST) -> list[str]:
    """Return the functions that write what was opened into words."""
    found = []
    for function in functions(tree):
        names = held_names(function, opened=True)
        for node in ast.walk(function):
            match node:
                case ast.FormattedValue(value=value):
                    given = [value]
                case ast.BinOp(op=ast.Mod(), left=ast.Constant(), right=value):
                    given = [value]
                case ast.Call(func=ast.Attribute(attr="format", value=ast.Constant())):
                    given = [*node.args, *(one.value for one in node.keywords)]
                case ast.Call(func=ast.Name(id=name)) if name in WRITERS:
                    given = [*node.args, *(one.value for one in node.keywords)]
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log"))):
                    given = [*node.args]
                case _:
                    continue
            if any(holds(one, names, opened=True) for one in given):
                found.append(function.name)
    return sorted(set(found))


@cache
def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in FILES
    }


def test_outside_text_is_opened_where_there_is_a_reason_alone() -> None:
    found = {path for path, tree in trees().items() if opens(tree)}
    assert found == OPENS.keys()


def test_outside_text_is_taken_apart_where_there_is_a_reason_alone() -> None:
    found = {path: told for path, tree in trees().items() if (told := taken_apart(tree))}
    assert {path: told for path, told in found.items() if path not in TAKES_APART} == {}
    assert found.keys() == TAKES_APART.keys()


def test_what_was_opened_is_written_into_no_words() -> None:
    found = {f"{path}:{name}" for path, tree in trees().items() for name in written(tree)}
    assert found == WRITES_OPENED.keys()


HANDLER = """
async def answer(event, item, log):
    {}
"""


@pytest.mark.parametrize(
    "line",
    [
        "return f'It said {event.event.raw}'",
        "return f'It said {raw(event.event)}'",
        "return 'It said %s' % raw(event.event)",
        "return 'It said {}'.format(raw(event.event))",
        "said = raw(event.event)\n    return words('It said ', said)",
        "said = raw(event.event).strip()\n    log.info('it said %s', said)",
        "for one in raw(event.event).split():\n        return Finding('rule', what=f'{one}')",
        "return f'{[one for one in raw(event.event).split()]}'",
        "return f'{str.__str__(event.event)}'",
    ],
)
def test_a_handler_that_writes_what_it_opened_is_seen(line: str) -> None:
    tree = ast.parse(HANDLER.format(line))
    assert opens(tree)
    assert written(tree) == ["answer"]


@pytest.mark.parametrize(
    "line",
    [
        "return ', '.join([event.event])",
        "return ', '.join(one.event for one in item)",
        "return ', '.join({item.correlation_id, 'x'})",
        "return re.sub('a', 'b', event.event)",
        "return _PATTERN.search(event.text).group(1)",
        "said = event.event.lower()\n    return re.findall('[a-z]+', said)",
        "said = event.message or ''\n    return said.encode()",
        "return json.dumps(event.fields)",
        "first, _, rest = event.event.partition(':')\n    return ' '.join((first, rest))",
    ],
)
def test_a_handler_that_takes_outside_text_apart_is_seen(line: str) -> None:
    assert taken_apart(ast.parse(HANDLER.format(line)))


@pytest.mark.parametrize(
    "line",
    [
        "return f'It said {event.event}'",
        "return ', '.join(f'{one.event}' for one in item)",
        "return words('It said ', event.event)",
        "return ', '.join(str(one.event) for one in item)",
        "return re.search('a', 'our own text')",
    ],
)
def test_what_asks_the_border_is_no_fault(line: str) -> None:
    tree = ast.parse(HANDLER.format(line))
    assert not opens(tree)
    assert not taken_apart(tree)
    assert not written(tree)
