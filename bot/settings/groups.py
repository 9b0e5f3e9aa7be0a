"""The settings, one class per outside system."""

import re
from collections.abc import Callable
from datetime import UTC, time, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode

from bot.deferred import Pattern
from bot.domain.evidence import LogStore
from bot.domain.log import Service
from bot.domain.routing.route import Route, routes_from
from bot.settings.group import (
    Group,
    HeaderSecret,
    LiveSecret,
    Place,
    Secret,
    Token,
    at_home,
    decoded,
    header,
    with_password,
)
from bot.settings.services import HULEEDU_SERVICES, services_of

# No user, query or fragment: the path of Slack's requests is put at its end.
_PUBLIC_URL = Pattern(r"https://[^\s/?#@:]+(:\d{1,5})?(/[^\s?#]*)?", re.IGNORECASE)
_TEAM = Pattern(r"[TE][A-Z0-9]+")
_CLOCK = Pattern(r"([01]?\d|2[0-3]):[0-5]\d")

Words = Annotated[tuple[str, ...], NoDecode]


def _words(value: Any) -> Any:
    """Accept a comma or space separated list as well as JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return tuple(decoded(value))
    return tuple(word for word in value.replace(",", " ").split() if word)


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _login(value: str) -> str:
    if ":" in value:
        raise ValueError("holds a colon, which no user of a login by HTTP may; set LOKI_PASSWORD")
    return value


def services_from_json(text: str) -> tuple[Service, ...]:
    """Parse SERVICES: a JSON list of {name, container, role, file}. Raises ValueError."""
    return services_of(decoded(text))


def zone_of(name: str) -> tzinfo:
    """Return a time zone; UTC also where the system has no list of zones. Raises as ZoneInfo."""
    return UTC if name == "UTC" else ZoneInfo(name)


def _with_password(
    name: str,
) -> Callable[[SecretStr | None, ValidationInfo], SecretStr | None]:
    """Return a validator that puts the password of another field into an address."""

    def whole(url: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        password: SecretStr | None = info.data.get(name)
        if url is None or password is None:
            return url

        def read() -> str:
            return with_password(url.get_secret_value(), password.get_secret_value())

        is_live = isinstance(url, LiveSecret) or isinstance(password, LiveSecret)
        return LiveSecret(read, read()) if is_live else SecretStr(read())

    return whole


class SlackSettings(Group):
    """The Slack workspace: tokens, channels and who may do what."""

    bot_token: Token = Field(None, alias="SLACK_BOT_TOKEN")
    app_token: Token = Field(None, alias="SLACK_APP_TOKEN")
    signing_secret: Token = Field(None, alias="SLACK_SIGNING_SECRET")
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
        if not all(one == "*" or _TEAM.fullmatch(one) for one in value):
            raise ValueError("write ids of workspaces (T...) or organisations (E...), or *")
        return value

    @property
    def socket_mode(self) -> bool:
        """Socket Mode when an app token is set, else HTTP with the signing secret."""
        return self.app_token is not None


class BotSettings(Group):
    """The bot itself: environment, HTTP, the tick, its own database."""

    environment: str = Field("", alias="BOT_ENVIRONMENT")
    http_host: str = Field("127.0.0.1", alias="HTTP_HOST")
    http_port: int = Field(8080, alias="HTTP_PORT", ge=0, le=65535)
    http_public_url: str = Field("", alias="HTTP_PUBLIC_URL")
    log_format: Literal["console", "json"] = Field("console", alias="LOG_FORMAT")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(
        "INFO", alias="LOG_LEVEL"
    )
    tick_seconds: float = Field(15.0, alias="TICK_SECONDS", gt=0, le=300)
    digest_hours: float = Field(24.0, alias="ALERT_DIGEST_HOURS", ge=0, le=24 * 31)
    morning_digest: time | None = Field(None, alias="MORNING_DIGEST")
    weekly_trends: time | None = Field(None, alias="WEEKLY_TRENDS")
    alert_routes: Annotated[tuple[Route, ...], NoDecode] = Field((), alias="ALERT_ROUTES")
    runner_stop: bool = Field(False, alias="RUNNER_STOP")
    runner_processes: bool = Field(True, alias="RUNNER_PROCESSES")
    database_password: Secret = Field(None, alias="BOT_DATABASE_PASSWORD")
    database_url: Secret = Field(None, alias="BOT_DATABASE_URL")
    data_dir: Annotated[Path, AfterValidator(at_home)] = Field(
        Path(".batchbot"), alias="BOT_DATA_DIR"
    )

    _whole = field_validator("database_url")(_with_password("database_password"))

    @field_validator("http_public_url")
    @classmethod
    def _slack_calls_https_alone(cls, value: str) -> str:
        if value and not _PUBLIC_URL.fullmatch(value):
            raise ValueError("write https://name, with a path if there is one: Slack calls https")
        return value

    @field_validator("log_format", mode="before")
    @classmethod
    def _format_in_any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    _level_in_any_case = field_validator("log_level", mode="before")(_upper)

    @field_validator("morning_digest", "weekly_trends", mode="before")
    @classmethod
    def _time_of_day(cls, value: Any) -> Any:
        if not isinstance(value, str) or not value.strip():
            return value or None
        if value.strip().casefold() == "off":
            return None
        if not _CLOCK.fullmatch(value.strip()):
            raise ValueError("write a time of day such as 08:00, or leave it empty")
        hours, minutes = value.split(":")
        return time(int(hours), int(minutes))

    @field_validator("alert_routes", mode="before")
    @classmethod
    def _parse_routes(cls, value: Any) -> Any:
        return routes_from(decoded(value)) if isinstance(value, str) else value


class RetentionSettings(Group):
    """How many days the bot's own database keeps what is over; 0 keeps it for ever."""

    history_days: int = Field(30, alias="KEEP_HISTORY_DAYS", ge=0, le=36_500)
    alerts_days: int = Field(365, alias="KEEP_ALERTS_DAYS", ge=0, le=36_500)
    silences_days: int = Field(90, alias="KEEP_SILENCES_DAYS", ge=0, le=36_500)
    audit_days: int = Field(365, alias="KEEP_AUDIT_DAYS", ge=0, le=36_500)
    aliases_days: int = Field(730, alias="KEEP_ALIASES_DAYS", ge=0, le=36_500)
    labels_days: int = Field(90, alias="KEEP_LABELS_DAYS", ge=0, le=36_500)
    changes_days: int = Field(90, alias="KEEP_CHANGES_DAYS", ge=0, le=36_500)


class CjSettings(Group):
    """HuleEdu's CJ assessment service and the LLM provider service."""

    database_password: Secret = Field(None, alias="CJ_DATABASE_PASSWORD")
    database_url: Secret = Field(None, alias="CJ_DATABASE_URL")
    cj_url: str = Field("", alias="CJ_URL")
    llm_provider_url: str = Field("", alias="LLM_PROVIDER_URL")

    _whole = field_validator("database_url")(_with_password("database_password"))


class LogSettings(Group):
    """Where service logs are read from."""

    source: LogStore | None = Field(None, alias="LOG_SOURCE")
    timezone: str = Field("UTC", alias="LOG_TIMEZONE")
    docker_host: str = Field("", alias="DOCKER_HOST")
    docker_hosts: Words = Field((), alias="DOCKER_HOSTS")
    docker_tls_verify: str = Field("", alias="DOCKER_TLS_VERIFY")
    docker_cert_path: Place = Field(None, alias="DOCKER_CERT_PATH")
    docker_project: str = Field("", alias="DOCKER_PROJECT", pattern=r"^[a-z0-9_-]{0,100}$")
    docker_log_dir: Place = Field(None, alias="DOCKER_LOG_DIR")
    docker_inspect: bool = Field(False, alias="DOCKER_INSPECT")
    files_dir: Place = Field(None, alias="LOG_FILES_DIR")
    files_links: Words = Field((), alias="LOG_FILES_LINKS")
    loki_url: str = Field("", alias="LOKI_URL")
    loki_tenant: Annotated[str, AfterValidator(header)] = Field("", alias="LOKI_TENANT")
    loki_username: Annotated[str, AfterValidator(_login)] = Field("", alias="LOKI_USERNAME")
    loki_password: Secret = Field(None, alias="LOKI_PASSWORD")
    loki_token: HeaderSecret = Field(None, alias="LOKI_TOKEN")
    services: Annotated[tuple[Service, ...], NoDecode] = Field(HULEEDU_SERVICES, alias="SERVICES")

    _split = field_validator("docker_hosts", "files_links", mode="before")(_words)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zone_of(value)
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
    def zone(self) -> tzinfo:
        """The zone of times that a log line writes without one."""
        return zone_of(self.timezone)

    @property
    def chosen_source(self) -> LogStore:
        """LOG_SOURCE, or what the other settings imply: the first that is set, else Docker."""
        if self.source is not None:
            return self.source
        return next((one for one in LogStore if one.example and self.has(one)), LogStore.DOCKER)

    def has(self, store: LogStore) -> bool:
        """Say whether the setting that a log store is found by has a value."""
        names = {field.alias: name for name, field in type(self).model_fields.items()}
        return bool(getattr(self, names[store.setting]))


class QueueSettings(Group):
    """The LLM provider's queue in Redis, and the callback topic in Kafka."""

    redis_password: Secret = Field(None, alias="LLM_QUEUE_REDIS_PASSWORD")
    redis_url: Secret = Field(None, alias="LLM_QUEUE_REDIS_URL")
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
    kafka_sasl_password: Secret = Field(None, alias="KAFKA_SASL_PASSWORD")
    kafka_ssl_cafile: Place = Field(None, alias="KAFKA_SSL_CAFILE")
    kafka_ssl_certfile: Place = Field(None, alias="KAFKA_SSL_CERTFILE")
    kafka_ssl_keyfile: Place = Field(None, alias="KAFKA_SSL_KEYFILE")

    _split = field_validator("prefixes", mode="before")(_words)
    _in_any_case = field_validator(
        "kafka_security_protocol", "kafka_sasl_mechanism", mode="before"
    )(_upper)
    _whole = field_validator("redis_url")(_with_password("redis_password"))
