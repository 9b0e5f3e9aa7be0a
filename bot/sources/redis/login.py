"""The login of each new connection, where the password stands in a file and may be rotated."""

from collections.abc import Callable
from typing import Any

from redis.credentials import CredentialProvider

from bot.sources.redis.address import redis_address


class _Login(CredentialProvider):
    """Reads the address at each login; the client asks it whenever it connects."""

    def __init__(self, read: Callable[[], str]) -> None:
        self._read = read

    def get_credentials(self) -> tuple[str] | tuple[str, str]:
        """Return the user, where one is named, and the password."""
        given = redis_address(self._read()).arguments
        user, password = given["username"], given["password"] or ""
        return (user, password) if user else (password,)

    async def get_credentials_async(self) -> tuple[str] | tuple[str, str]:
        """Return the same: a file of one line is read at once."""
        return self.get_credentials()


def live_login(read: Callable[[], str] | None) -> dict[str, Any]:
    """Return the client's arguments; `read` gives the address of now, None where it is fixed."""
    if read is None:
        return {}
    return {"username": None, "password": None, "credential_provider": _Login(read)}
