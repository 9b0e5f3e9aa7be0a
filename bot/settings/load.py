"""Reads the settings: all of them, or each bad one at its default with what is wrong with it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict

from bot.errors import SettingsError
from bot.settings.given import env_file
from bot.settings.group import IN_A_FILE, Group, is_secret
from bot.settings.groups import (
    BotSettings,
    CjSettings,
    LogSettings,
    QueueSettings,
    RetentionSettings,
    SlackSettings,
)


class Settings(BaseModel):
    """All settings of one process."""

    slack: SlackSettings
    bot: BotSettings
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    cj: CjSettings
    logs: LogSettings
    queue: QueueSettings

    @model_validator(mode="after")
    def _a_log_store_is_somewhere(self) -> "Settings":
        store = self.logs.source
        if store is not None and store.example and not self.logs.has(store):
            raise ValueError(f"{store} needs {store.setting}={store.example}")
        return self


GROUPS: Mapping[str, type[Group]] = {
    "slack": SlackSettings,
    "bot": BotSettings,
    "retention": RetentionSettings,
    "cj": CjSettings,
    "logs": LogSettings,
    "queue": QueueSettings,
}


# By the validator's types of error; the names in braces are its own, and none is a value.
_PLAIN: Mapping[str, str] = {
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "bool_parsing": "must be true or false",
    "time_parsing": "must be a time of day such as 07:30",
    "path_type": "must be a path",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be above {gt}",
    "greater_than_equal": "must be {ge} or more",
    "less_than": "must be below {lt}",
    "less_than_equal": "must be {le} or less",
    "string_pattern_mismatch": "has not the form that .env.example shows",
    "string_too_short": "must not be empty",
}


def load_settings() -> Settings:
    """Read all settings. Raises SettingsError that names each bad one, never its value."""
    settings, wrong = readable_settings()
    if wrong:
        raise refused(wrong)
    return settings


def refused(wrong: Mapping[str, str]) -> SettingsError:
    """Return the error of bad settings, given what is wrong with each by its name."""
    told = "; ".join(f"{name}: {problem}" for name, problem in wrong.items())
    return SettingsError(told, hint="See .env.example, and `batchbot doctor`.")


def setting_names() -> set[str]:
    """Return the name of every setting that is not a detector's own; a secret has two."""
    fields = [field for group in GROUPS.values() for field in group.model_fields.values()]
    in_files = {f"{field.alias}{IN_A_FILE}" for field in fields if is_secret(field)}
    return {str(field.alias) for field in fields} | in_files


def readable_settings() -> tuple[Settings, dict[str, str]]:
    """Return the settings with each bad one at its default, and what is wrong with those.

    A .env that cannot be read at all is one of them.
    """
    wrong: dict[str, str] = {}
    groups: dict[str, Group] = {}
    unreadable = _unreadable_file()
    source: dict[str, Any] = {"_env_file": None if unreadable else env_file()}
    if unreadable:
        wrong[env_file()] = unreadable
    for name, group in GROUPS.items():
        groups[name], problems = _read(group, source)
        wrong.update(problems)
    try:
        return Settings.model_validate(groups), wrong
    except ValidationError as error:
        wrong["LOG_SOURCE"] = _without_values(error)
        logs = groups["logs"].model_copy(update={"source": None})
        return Settings.model_validate({**groups, "logs": logs}), wrong


def refuse_no_file(path: Path) -> None:
    """Refuse what cannot be a file of settings. Raises SettingsError that says what it is."""
    if path.is_file():
        return
    if path.is_dir():
        hint = f"Name the file in it, such as --env-file {path / '.env'}."
        raise SettingsError(f"{path} is a folder, and --env-file takes a file.", hint=hint)
    what = "is no regular file" if path.exists() else ""
    raise SettingsError(
        f"{path} {what}." if what else f"There is no file {path}.", hint="Correct --env-file."
    )


def _unreadable_file() -> str:
    """Return why .env cannot be read, "" when it can or is not there."""
    try:
        text = Path(env_file()).read_text(encoding="utf-8-sig")
        if 3 * text.count("\0") > len(text) > 0:
            return "it is UTF-16: save it as UTF-8"
    except FileNotFoundError:
        return ""
    except UnicodeError:
        return "it is not UTF-8: save it as UTF-8"
    except OSError as error:
        return f"it cannot be read: {(error.strerror or 'unknown reason').lower()}"
    return ""


def _read(group: type[Group], source: Mapping[str, Any]) -> tuple[Group, dict[str, str]]:
    """Return a group, each bad setting at its default, and what is wrong with those."""
    try:
        return group(**source), {}
    except ValidationError as error:
        defaults = {str(field.alias): field.default for field in group.model_fields.values()}
        rows = error.errors(include_input=False, include_url=False)
        problems = {str(row["loc"][0]): _said(row) for row in rows}
        return group(**source, **{name: defaults[name] for name in problems}), problems


M = TypeVar("M", bound=BaseModel)


def detector_settings(name: str, model: type[M]) -> M:
    """Read DETECTOR_<NAME>_<FIELD> into a detector's own settings model."""
    prefix = f"DETECTOR_{name.upper()}_"
    try:
        file = None if _unreadable_file() else env_file()
        return model.model_validate(_group_of(prefix, model)(_env_file=file).model_dump())
    except (ValidationError, ValueError) as error:
        raise SettingsError(f"{prefix}*: {_without_values(error)}") from None


@cache
def _group_of(prefix: str, model: type[BaseModel]) -> type[Group]:
    """Return a detector's model as settings; to make a model takes as long as to read it."""
    return type(
        f"{model.__name__}FromEnvironment",
        (Group,),
        {
            "model_config": SettingsConfigDict(**{**Group.model_config, "env_prefix": prefix}),
            "__annotations__": {key: info.annotation for key, info in model.model_fields.items()},
            **dict(model.model_fields),
        },
    )


def _without_values(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in item["loc"])
        lines.append(f"{place}: {_said(item)}" if place else _said(item))
    return "; ".join(lines)


def _said(problem: Mapping[str, Any]) -> str:
    """Return what is wrong with a setting for who wrote it, who knows no validator's words."""
    words = _PLAIN.get(problem["type"])
    if words is None:
        return str(problem["msg"]).removeprefix("Value error, ")
    return words.format(**problem.get("ctx", {}))
