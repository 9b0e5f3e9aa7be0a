"""Tells which configured service a container or a log file belongs to."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from bot.domain.log import LogQuery, Role, Service


def service_of(container: str, services: Sequence[Service], *, file: str = "") -> Service:
    """Return the service of a container name or of a file; an unknown one is its own."""
    for service in services:
        if fnmatchcase(container, service.container) or container == service.name:
            return service
        if file and service.file and fnmatchcase(file, service.file):
            return service
    return Service(container, container, Role.OTHER)


def is_wanted(service: Service, query: LogQuery) -> bool:
    """Say whether a query asks for this service's log."""
    if query.roles and service.role not in query.roles:
        return False
    return not query.services or service.name in query.services
