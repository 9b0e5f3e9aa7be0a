"""Every setting, one class per outside system; nothing is read at import time.

Values come from the environment, then from `.env` in the working folder. `.env.example`
documents each one.
"""

import json
import os
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bot.domain.log import HULEEDU_SERVICES as HULEEDU_SERVICES
from bot.domain.log import Service, services_of
from bot.domain.routing.route import Route, routes_from
from bot.errors import SettingsError

ENV_FILE = ".env"

Words = Annotated[tuple[str, ...], NoDecode]


class _Group(BaseSettings):
    model_config = SettingsConfigDict(
        # With a byte order mark, as some editors write it, or without one.
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        extra="ignore",
        env_ignore_empty=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, values: Any) -> Any:
        """Take off what other readers of the same file leave on; what is empty then is not set."""
        if not isinstance(values, dict):
            return values
        meant = {name: as_meant(one) for name, one in values.items()}
        return {name: one for name, one in meant.items() if one != ""}


def as_meant(value: Any) -> Any:
    """Return a value without blanks at its ends, one pair of quotes, and a comment in its place.

    `docker run --env-file` and systemd keep quotes and carriage returns; python-dotenv takes a
    comment directly behind the equals sign for the value.
    """
    if not isinstance(value, str):
        return value
    text = value.strip().strip("\ufeff")
    if len(text) > 1 and text[0] in "\"'" and text[0] == text[-1] and text[0] not in text[1:-1]:
        text = text[1:-1]
    return "" if text == "#" or text.startswith("# ") else text


def _decoded(text: str) -> Any:
    """Return JSON decoded. Raises ValueError that quotes nothing of it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"no valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise ValueError("no valid JSON: it nests too deep") from None


def _words(value: Any) -> Any:
    """Accept a comma or space separated list as well as JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return tuple(_decoded(value))
    return tuple(word for word in value.replace(",", " ").split() if word)


class SlackSettings(_Group):
    """The Slack workspace: tokens, channels and who may do what."""

    bot_token: SecretStr | None = Field(None, alias="SLACK_BOT_TOKEN")
    app_token: SecretStr | None = Field(None, alias="SLACK_APP_TOKEN")
    signing_secret: SecretStr | None = Field(None, alias="SLACK_SIGNING_SECRET")
    api_url: str = Field("https://slack.com/api/", alias="SLACK_API_URL", pattern=r"^https?://\S+$")
    team_id: str = Field("", alias="SLACK_TEAM_ID", pattern=r"^(T[A-Z0-9]+)?$")
    command_prefix: str = Field("", alias="SLACK_COMMAND_PREFIX", pattern=r"^[a-z0-9_-]{0,20}$")
    alert_channel: str = Field("", alias="SLACK_ALERT_CHANNEL")
    incident_channels: Words = Field((), alias="SLACK_INCIDENT_CHANNELS")
    allowed_channels: Words = Field((), alias="SLACK_ALLOWED_CHANNELS")
    allowed_users: Words = Field((), alias="SLACK_ALLOWED_USERS")
    operators: Words = Field((), alias="SLACK_OPERATORS")
    allowed_teams: Words = Field((), alias="SLACK_ALLOWED_TEAMS")

    _split = field_validator(
        *("incident_channels", "allowed_channels", "allowed_users", "operators", "allowed_teams"),
        mode="before",
    )(_words)

    @field_validator("allowed_teams")
    @classmethod
    def _team_ids(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(one == "*" or re.fullmatch(r"[TE][A-Z0-9]+", one) for one in value):
            raise ValueError("write ids of workspaces (T...) or organisations (E...), or *")
        return value

    @property
    def socket_mode(self) -> bool:
        """Socket Mode when an app token is set, else HTTP with the signing secret."""
        return self.app_token is not None


class BotSettings(_Group):
    """The bot itself: environment, HTTP, the tick, its own database."""

    environment: str = Field("", alias="BOT_ENVIRONMENT")
    http_host: str = Field("127.0.0.1", alias="HTTP_HOST")
    http_port: int = Field(8080, alias="HTTP_PORT", ge=0, le=65535)
    http_public_url: str = Field("", alias="HTTP_PUBLIC_URL", pattern=r"^(https?://\S+)?$")
    tick_seconds: float = Field(15.0, alias="TICK_SECONDS", gt=0, le=300)
    digest_hours: float = Field(24.0, alias="ALERT_DIGEST_HOURS", ge=0, le=24 * 31)
    alert_routes: Annotated[tuple[Route, ...], NoDecode] = Field((), alias="ALERT_ROUTES")
    runner_stop: bool = Field(False, alias="RUNNER_STOP")
    database_url: SecretStr | None = Field(None, alias="BOT_DATABASE_URL")
    data_dir: Path = Field(Path(".batchbot"), alias="BOT_DATA_DIR")

    @field_validator("alert_routes", mode="before")
    @classmethod
    def _parse_routes(cls, value: Any) -> Any:
        return routes_from(_decoded(value)) if isinstance(value, str) else value


class CjSettings(_Group):
    """HuleEdu's CJ assessment service and the LLM provider service."""

    database_url: SecretStr | None = Field(None, alias="CJ_DATABASE_URL")
    cj_url: str = Field("", alias="CJ_URL")
    llm_provider_url: str = Field("", alias="LLM_PROVIDER_URL")


class LogSettings(_Group):
    """Where service logs are read from."""

    source: Literal["docker", "files", "loki"] | None = Field(None, alias="LOG_SOURCE")
    timezone: str = Field("UTC", alias="LOG_TIMEZONE")
    docker_host: str = Field("", alias="DOCKER_HOST")
    docker_hosts: Words = Field((), alias="DOCKER_HOSTS")
    docker_tls_verify: str = Field("", alias="DOCKER_TLS_VERIFY")
    docker_cert_path: Path | None = Field(None, alias="DOCKER_CERT_PATH")
    docker_log_dir: Path | None = Field(None, alias="DOCKER_LOG_DIR")
    docker_inspect: bool = Field(False, alias="DOCKER_INSPECT")
    files_dir: Path | None = Field(None, alias="LOG_FILES_DIR")
    loki_url: str = Field("", alias="LOKI_URL")
    loki_tenant: str = Field("", alias="LOKI_TENANT")
    loki_username: str = Field("", alias="LOKI_USERNAME")
    loki_password: SecretStr | None = Field(None, alias="LOKI_PASSWORD")
    loki_token: SecretStr | None = Field(None, alias="LOKI_TOKEN")
    services: Annotated[tuple[Service, ...], NoDecode] = Field(HULEEDU_SERVICES, alias="SERVICES")

    _split = field_validator("docker_hosts", mode="before")(_words)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(
                "there is no such time zone; write one like Europe/Stockholm"
            ) from error
        return value

    @field_validator("services", mode="before")
    @classmethod
    def _parse_services(cls, value: Any) -> Any:
        return services_from_json(value) if isinstance(value, str) else value

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of times that a log line writes without one."""
        return ZoneInfo(self.timezone)

    @property
    def chosen_source(self) -> Literal["docker", "files", "loki"]:
        """LOG_SOURCE, or what the other settings imply: files, then Loki, then Docker."""
        if self.source is not None:
            return self.source
        if self.files_dir is not None:
            return "files"
        return "loki" if self.loki_url else "docker"


class QueueSettings(_Group):
    """The LLM provider's queue in Redis, and the callback topic in Kafka."""

    redis_url: SecretStr | None = Field(None, alias="LLM_QUEUE_REDIS_URL")
    prefix: str = Field("llm_provider_service:queue", alias="LLM_QUEUE_PREFIX", min_length=1)
    prefixes: Words = Field((), alias="LLM_QUEUE_PREFIXES")
    repair: bool = Field(False, alias="QUEUE_REPAIR")
    kafka_bootstrap_servers: str = Field("", alias="KAFKA_BOOTSTRAP_SERVERS")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", alias="KAFKA_SECURITY_PROTOCOL"
    )
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", alias="KAFKA_SASL_MECHANISM"
    )
    kafka_sasl_username: str = Field("", alias="KAFKA_SASL_USERNAME")
    kafka_sasl_password: SecretStr | None = Field(None, alias="KAFKA_SASL_PASSWORD")
    kafka_ssl_cafile: Path | None = Field(None, alias="KAFKA_SSL_CAFILE")

    _split = field_validator("prefixes", mode="before")(_words)


class Settings(BaseModel):
    """All settings of one process."""

    slack: SlackSettings
    bot: BotSettings
    cj: CjSettings
    logs: LogSettings
    queue: QueueSettings

    @model_validator(mode="after")
    def _files_need_a_folder(self) -> "Settings":
        if self.logs.source == "files" and self.logs.files_dir is None:
            raise ValueError("files needs LOG_FILES_DIR=/path/to/logs")
        if self.logs.source == "loki" and not self.logs.loki_url:
            raise ValueError("loki needs LOKI_URL=http://host:3100")
        return self


GROUPS: Mapping[str, type[_Group]] = {
    "slack": SlackSettings,
    "bot": BotSettings,
    "cj": CjSettings,
    "logs": LogSettings,
    "queue": QueueSettings,
}


def load_settings() -> Settings:
    """Read all settings. Raises SettingsError that names each bad one, never its value."""
    settings, wrong = readable_settings()
    if wrong:
        told = "; ".join(f"{name}: {problem}" for name, problem in wrong.items())
        raise SettingsError(told, hint="See .env.example, and `batchbot doctor`.")
    return settings


def environment() -> Mapping[str, str]:
    """Return the variables of the environment, settings or not."""
    return os.environ


def setting_names() -> set[str]:
    """Return the name of every setting that is not a detector's own."""
    fields = (field for group in GROUPS.values() for field in group.model_fields.values())
    return {str(field.alias) for field in fields}


def readable_settings() -> tuple[Settings, dict[str, str]]:
    """Return the settings with each bad one at its default, and what is wrong with those.

    A .env that cannot be read at all is one of them.
    """
    wrong: dict[str, str] = {}
    groups: dict[str, _Group] = {}
    unreadable = _unreadable_file()
    source: dict[str, Any] = {"_env_file": None} if unreadable else {}
    if unreadable:
        wrong[ENV_FILE] = unreadable
    for name, group in GROUPS.items():
        problems, defaults = _problems(group, source)
        wrong.update(problems)
        groups[name] = group(**source, **defaults)
    try:
        return Settings.model_validate(groups), wrong
    except ValidationError as error:
        wrong["LOG_SOURCE"] = _without_values(error)
        logs = groups["logs"].model_copy(update={"source": None})
        return Settings.model_validate({**groups, "logs": logs}), wrong


def _unreadable_file() -> str:
    """Return why .env cannot be read, "" when it can or is not there."""
    try:
        Path(ENV_FILE).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeError:
        return "it is not UTF-8: save it as UTF-8"
    except OSError as error:
        return f"it cannot be read: {(error.strerror or 'unknown reason').lower()}"
    return ""


def _problems(
    group: type[_Group], source: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    try:
        group(**source)
    except ValidationError as error:
        defaults = {str(field.alias): field.default for field in group.model_fields.values()}
        rows = error.errors(include_input=False, include_url=False)
        problems = {str(row["loc"][0]): _said(row["msg"]) for row in rows}
        return problems, {name: defaults[name] for name in problems}
    return {}, {}


M = TypeVar("M", bound=BaseModel)


def detector_settings(name: str, model: type[M]) -> M:
    """Read DETECTOR_<NAME>_<FIELD> into a detector's own settings model."""
    prefix = f"DETECTOR_{name.upper()}_"
    group = type(
        f"{model.__name__}FromEnvironment",
        (_Group,),
        {
            "model_config": SettingsConfigDict(**{**_Group.model_config, "env_prefix": prefix}),
            "__annotations__": {key: info.annotation for key, info in model.model_fields.items()},
            **dict(model.model_fields),
        },
    )
    try:
        return model.model_validate(group().model_dump())
    except (ValidationError, ValueError) as error:
        raise SettingsError(f"{prefix}*: {_without_values(error)}") from None


def services_from_json(text: str) -> tuple[Service, ...]:
    """Parse SERVICES: a JSON list of {name, container, role, file}. Raises ValueError."""
    return services_of(_decoded(text))


def _without_values(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    lines = []
    for item in error.errors(include_input=False, include_url=False):
        place = ".".join(str(part) for part in item["loc"])
        lines.append(f"{place}: {_said(item['msg'])}" if place else _said(item["msg"]))
    return "; ".join(lines)


def _said(message: str) -> str:
    return message.removeprefix("Value error, ")
