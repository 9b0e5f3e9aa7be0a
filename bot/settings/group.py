"""What every group of settings shares: where its values come from, and what people write there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import (
    AfterValidator,
    BeforeValidator,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from bot.deferred import Pattern
from bot.settings.given import ENV_FILE

IN_A_FILE = "_FILE"
MOST_OF_A_SECRET = 64 << 10


class Group(BaseSettings):
    """The settings of one outside system."""

    model_config = SettingsConfigDict(
        # With a byte order mark, as some editors write it, or without one.
        env_file=ENV_FILE,
        env_file_encoding="utf-8-sig",
        extra="ignore",
        env_ignore_empty=True,
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Add NAME_FILE of each secret; a NAME that is set goes first."""
        files = SecretFiles(settings_cls, env_settings, dotenv_settings)
        return init_settings, env_settings, dotenv_settings, files

    @model_validator(mode="before")
    @classmethod
    def _as_meant(cls, values: Any) -> Any:
        """Take off what other readers of the same file leave on; what is empty then is not set."""
        if not isinstance(values, dict):
            return values
        meant = {name: as_meant(one) for name, one in values.items()}
        return {name: one for name, one in meant.items() if one != ""}

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_own(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a value that holds another setting's line, or a token that is shown to people."""
        words = value if isinstance(value, tuple) else (value,)
        texts = [one for one in words if isinstance(one, str)]
        secret = is_secret(cls.model_fields[info.field_name or ""])
        # A password may be any text, but hardly one of our own lines.
        holds_line = _holds_ours if secret else _NEXT_LINE.search
        if any(holds_line(one) for one in texts):
            raise ValueError("holds the line of another setting as well: is a line break lost?")
        if not secret and any(_SLACK_TOKEN.match(one) for one in texts):
            raise ValueError("holds a token of Slack, which belongs in SLACK_BOT_TOKEN or "
                             "SLACK_APP_TOKEN alone")  # fmt: skip
        return value


def _holds_ours(text: str) -> bool:
    """Say whether a text holds NAME= of a setting."""
    fields = (one for group in Group.__subclasses__() for one in group.model_fields.values())
    return any(f"{field.alias}=" in text for field in fields if field.alias)


_SLACK_TOKEN = Pattern(r"x(?:ox[a-z]|app)-")
_NEXT_LINE = Pattern(r"[A-Z]{2,40}_[A-Z_]{2,40}=")
# What is pasted along from pages and documents and cannot be seen.
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060\u00ad"
_QUOTES = ('""', "''", "“”", "‘’", "„“", "«»")


def as_meant(value: Any) -> Any:
    """Return a value without blanks at its ends, one pair of quotes, and a comment in its place.

    `docker run --env-file` and systemd keep quotes and carriage returns; python-dotenv takes a
    comment directly behind the equals sign for the value.
    """
    if not isinstance(value, str):
        return value
    text = value.strip().strip(_UNSEEN).strip()
    if text[:1] + text[1:][-1:] in _QUOTES and not set(text[1:-1]) & {text[0], text[-1]}:
        text = text[1:-1]
    return "" if text == "#" or text.startswith("# ") else text


def decoded(text: str) -> Any:
    """Return JSON decoded. Raises ValueError that quotes nothing of it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"no valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
        ) from None
    except RecursionError:
        raise ValueError("no valid JSON: it nests too deep") from None


class Unreadable:
    """Stands for a secret whose file cannot be read; `why` is for people."""

    def __init__(self, why: str) -> None:
        self.why = why


def _readable(value: Any) -> Any:
    if isinstance(value, Unreadable):
        raise ValueError(value.why)  # noqa: TRY004 - pydantic makes a ValueError a problem of the field
    return value


def _of_slack(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("holds a blank, a line break or a sign that no token has: copy it again")
    return value


def _of_a_header(value: SecretStr | None) -> SecretStr | None:
    if value is not None and _CONTROL.search(value.get_secret_value()):
        raise ValueError(NO_HEADER)
    return value


def header(value: str) -> str:
    """Return what a header of a request may hold. Raises ValueError."""
    if _CONTROL.search(value):
        raise ValueError(NO_HEADER)
    return value


def at_home(value: Path) -> Path:
    """Return a path whose ~ is the user's folder, as a shell reads it."""
    try:
        return value.expanduser()
    except RuntimeError:
        raise ValueError("names the folder of a user who has none") from None


NO_HEADER = "holds a line break or another sign that no request may hold"
_TOKEN = Pattern(r"[!-~]+")
_CONTROL = Pattern(r"[\x00-\x1f\x7f]")
# A secret, from NAME or from the file that NAME_FILE names.
Secret = Annotated[SecretStr | None, BeforeValidator(_readable)]
Token = Annotated[Secret, AfterValidator(_of_slack)]
HeaderSecret = Annotated[Secret, AfterValidator(_of_a_header)]
Place = Annotated[Path, AfterValidator(at_home)] | None


class SecretFiles(PydanticBaseSettingsSource):
    """Reads a secret from the file that NAME_FILE names, as Docker and systemd hand them out."""

    def __init__(
        self, settings_cls: type[BaseSettings], *sources: PydanticBaseSettingsSource
    ) -> None:
        super().__init__(settings_cls)
        self._given: dict[str, str | None] = {}
        for source in reversed(sources):
            if isinstance(source, EnvSettingsSource):
                self._given.update(source.env_vars)

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return a field's secret, None when no file is named for it."""
        name = str(field.alias)
        path = as_meant(self._given.get(f"{name}{IN_A_FILE}".lower())) if is_secret(field) else ""
        return (secret_in(Path(path), name) if path else None), name, False

    def __call__(self) -> dict[str, Any]:
        """Return the secrets of files, by the names of their settings."""
        rows = (self.get_field_value(f, name) for name, f in self.settings_cls.model_fields.items())
        return {name: value for value, name, _ in rows if value is not None}


def is_secret(field: FieldInfo) -> bool:
    """Say whether a setting is a secret, which may be in a file."""
    return SecretStr in getattr(field.annotation, "__args__", ())


class LiveSecret(SecretStr):
    """A secret that stands in a file, which is read again each time: it may be rotated there.

    While it cannot be read it is what it was.
    """

    def __init__(self, read: Callable[[], str | None], value: str) -> None:
        super().__init__(value)
        self._read = read

    def get_secret_value(self) -> str:
        """Return what stands in the file now."""
        found = self._read()
        self._secret_value = self._secret_value if found is None else found
        return self._secret_value


def secret_in(path: Path, name: str) -> SecretStr | Unreadable:
    """Return the secret in a file: all of it but the line break at its end."""
    found = _secret_in(path, name)
    if isinstance(found, Unreadable):
        return found

    def again() -> str | None:
        now = _secret_in(path, name)
        return None if isinstance(now, Unreadable) else now

    return LiveSecret(again, found)


def _secret_in(path: Path, name: str) -> str | Unreadable:
    # What is no path may be the secret itself, in the wrong setting.
    is_path = str(path).startswith(("/", "./", "../", "~"))
    place = f"the file of {name}{IN_A_FILE}{f' ({path})' if is_path else ''}"
    try:
        with path.expanduser().open("rb") as file:
            text = file.read(MOST_OF_A_SECRET + 1).decode("utf-8-sig").rstrip("\r\n")
    except UnicodeError:
        return Unreadable(f"{place} is not UTF-8")
    except RuntimeError:
        return Unreadable(f"{place} is of a user who has no folder")
    except OSError as error:
        return Unreadable(f"{place} cannot be read: {(error.strerror or 'unknown').lower()}")
    if len(text) > MOST_OF_A_SECRET:
        return Unreadable(f"{place} is too long for a secret")
    return text or Unreadable(f"{place} is empty")


def live(secret: SecretStr | None) -> Callable[[], str] | None:
    """Return what reads a secret again, None of one that is as it is for the process's life."""
    return secret.get_secret_value if isinstance(secret, LiveSecret) else None


def with_password(url: str, password: str) -> str:
    """Return an address with a password of its own, encoded; one that stands in it is left out.

    Raises ValueError when it is no address that takes one.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ValueError("write it as an address, scheme://user@host, or leave the password out")
    login, at, place = rest.rpartition("@")
    user = login.partition(":")[0] if at else ""
    return f"{scheme}://{user}:{quote(password, safe='')}@{place if at else rest}"
