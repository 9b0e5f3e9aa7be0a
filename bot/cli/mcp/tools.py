"""Which commands are tools, with typed parameters, and the line that a call stands for; pure.

Each is a way to call a command that only reads; one that the registry does not have is no tool.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from bot.errors import DeniedError, UsageError
from bot.registry import SlashCommand
from bot.text.log_words import MAX_CONTEXT

MESSAGE_CHARS = 200
GIVEN_CHARS = 60


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a tool; `option` is the command's option that it sets, else it is a word."""

    name: str
    schema: Mapping[str, Any]
    required: bool = False
    option: str = ""


@dataclass(frozen=True, slots=True)
class ReadTool:
    """A tool: the command and its verb, which must be known to the registry, and the parameters.

    `verb` is left out of the line where a command without words means the same. One that
    `searches` has answered where it finds nothing; any other was given what is not there.
    """

    name: str
    title: str
    description: str
    command: str
    verb: str = ""
    parameters: tuple[Parameter, ...] = ()
    searches: bool = False

    @property
    def input_schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the parameters."""
        return {
            "type": "object",
            "properties": {one.name: dict(one.schema) for one in self.parameters},
            "required": [one.name for one in self.parameters if one.required],
            "additionalProperties": False,
        }

    def line(self, arguments: Mapping[str, Any]) -> str:
        """Return the command line that a call stands for. Raises UsageError."""
        wrong = best_match(Draft202012Validator(self.input_schema).iter_errors(dict(arguments)))
        if wrong is not None:
            # Its parameters are told beside every error of a tool.
            raise UsageError(f"The tool {self.name} was called wrongly: {self._what_is(wrong)}")
        words = [f"/{self.command}", self.verb]
        for one in self.parameters:
            value = arguments.get(one.name)
            if value not in (None, ""):
                words += [f"--{one.option}" if one.option else "", str(value)]
        return " ".join(word for word in words if word)

    @property
    def hint(self) -> str:
        """Return in words what works: each parameter, what it is, and its values or an example."""
        told = "; ".join(_told(one) for one in self.parameters)
        return f"Its parameters: {told or 'none'}."

    def _what_is(self, wrong: ValidationError) -> str:
        known = {one.name: one for one in self.parameters}
        if one := known.get(str(next(iter(wrong.absolute_path), ""))):
            given = str(wrong.instance)[:GIVEN_CHARS]
            return f"{one.name} cannot be {given!r}; it is {_value_of(one)}."
        lacking = [name for name in known if known[name].required and name not in wrong.instance]
        if wrong.validator == "required":
            return f"it needs {' and '.join(lacking)}."
        return f"{wrong.message[:MESSAGE_CHARS]}."


def _told(one: Parameter) -> str:
    return f"{one.name}{'' if one.required else ' (optional)'}: {_value_of(one)}"


def _value_of(one: Parameter) -> str:
    """Return what a parameter takes, in words: the values where they are few, or an example."""
    values = ", ".join(map(str, one.schema.get("enum", ())))
    least, most = one.schema.get("minimum"), one.schema.get("maximum")
    span = f"{least} to {most}" if least is not None else ""
    told = ": ".join(filter(None, (str(one.schema.get("description", "")), values or span)))
    shortest = one.schema.get("minLength")
    return f"{told}, {shortest} characters or more" if shortest else told


ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
ID_SHAPE = re.compile(ID_PATTERN)


def _id(description: str) -> dict[str, Any]:
    return {
        "anyOf": [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": ID_PATTERN, "maxLength": 120},
        ],
        "description": description,
    }


def _word(description: str, **more: Any) -> dict[str, Any]:
    pattern = r"^[A-Za-z0-9][A-Za-z0-9._:+*-]*$"
    return {"type": "string", "pattern": pattern, "maxLength": 80, "description": description,
            **more}  # fmt: skip


BATCH = Parameter(
    "batch", _id("a batch: its CJ number, uuid, a uuid's first 6 characters, or run label"), True
)
SINCE = Parameter(
    "since", _word("how far back, such as 2h, 30m or 7d", examples=["2h"]), option="since"
)
UNTIL = Parameter(
    "until",
    _word("when that time ends: a span ago, an hour or a day", examples=["1h"]),
    option="until",
)
# No word of a text may be an option.
TEXT = {
    "type": "string",
    "minLength": 2,
    "maxLength": 200,
    "pattern": r"^(?!.*(^|\s)[-\u2010-\u2015]{1,2}).*$",
    "description": "text or id that a line holds",
}
LEVELS = {"type": "string", "enum": ["debug", "info", "warning", "error", "critical"],
          "description": "the least level"}  # fmt: skip

TOOLS = (
    ReadTool(
        "status",
        "A batch's state and what is wrong with it",
        "What a batch's rows, logs and queue say, and every cause that they prove, with evidence, "
        "confidence and next steps. Begin here for one batch.",
        "batch",
        "status",
        (BATCH,),
    ),
    ReadTool(
        "investigate",
        "The whole story of a batch",
        "Why a batch failed or is stuck: funnel with the first leak, causes in order, hypotheses "
        "that were supported or refuted, and the timeline. Answers most questions in one call.",
        "batch",
        "investigate",
        (BATCH,),
    ),
    ReadTool(
        "compare",
        "Two batches side by side",
        "The first step where two batches part, with errors, latency and cost of both.",
        "batch",
        "compare",
        (BATCH, Parameter("with", _id("the other batch"), True)),
    ),
    ReadTool(
        "list",
        "The newest batches",
        "The newest batches, with a mark for those that need a look.",
        "batch",
        "list",
        (Parameter("state", _word("only this state, such as SCORING")), SINCE, UNTIL),
    ),
    ReadTool(
        "trends",
        "How batches did over a time",
        "Over a time: batches, the share that ended well, failures by cause, latency and cost.",
        "batch",
        "trends",
        (
            SINCE,
            UNTIL,
            Parameter(
                "by",
                {"type": "string", "enum": ["mode", "model", "provider"],
                 "description": "what to part them by"},
                option="by",
            ),
        ),
    ),
    ReadTool(
        "trace",
        "One comparison or batch through every service",
        "The nine steps of one comparison, the last one seen and the first one missing.",
        "trace",
        "",
        (Parameter("id", _id("a correlation or queue id, or a batch"), True),),
    ),
    ReadTool(
        "queue",
        "The LLM provider's queue",
        "What waits at the LLM provider, whether it moves, and if not, why.",
        "queue",
        "status",
        (Parameter("prefix", _word("a further queue, one of LLM_QUEUE_PREFIXES")),),
    ),
    ReadTool(
        "logs",
        "Search the services' logs",
        "Log lines that hold a text or an id, redacted; student text is never shown.",
        "logs",
        "",
        (
            Parameter("service", _word("a service, a role such as cj, or all"), True),
            Parameter("text", TEXT, True),
            SINCE,
            UNTIL,
            Parameter("level", LEVELS, option="level"),
            Parameter(
                "context",
                {"type": "integer", "minimum": 0, "maximum": MAX_CONTEXT,
                 "description": "lines around each match"},
                option="context",
            ),
        ),
        searches=True,
    ),
    ReadTool(
        "alerts",
        "Alerts that are open",
        "What the running bot has alerted on and is not over, from its own database.",
        "alerts",
        "list",
        (Parameter("detector", _word("only of this detector, such as stuck_queue")),),
    ),
    ReadTool(
        "changes",
        "What changed",
        "What changed lately: containers, modes, migrations, provider and model.",
        "changes",
        "",
        (
            Parameter("since", _word("a span, an hour or a day, such as 2h, 23:10 or yesterday")),
            UNTIL,
        ),
    ),
    ReadTool(
        "explain",
        "What a rule means",
        "What a rule id or an alert means, how it is proved, what it cannot see, what to do.",
        "help",
        "",
        (Parameter("rule", _word("a rule's id, such as orphaned-item"), True),),
    ),
)  # fmt: skip


def tools_of(known: Mapping[str, SlashCommand]) -> dict[str, ReadTool]:
    """Return the tools whose command and verb the registry has, by name."""
    return {one.name: one for one in TOOLS if _is_known(one, known.get(one.command))}


def _is_known(tool: ReadTool, command: SlashCommand | None) -> bool:
    if command is None:
        return False
    verbs = {usage.words.split(" ", 1)[0] for usage in command.usages}
    return not tool.verb or tool.verb in verbs


def must_read_only(command: SlashCommand, verb: str) -> None:
    """Refuse what changes something. Raises DeniedError."""
    if verb in command.changes | command.operator_verbs:
        raise DeniedError(f"/{command.name} {verb} changes something; tools only read.")
