"""Says which compose projects the services' containers are of, and where two have the same."""

from collections.abc import Iterable

from bot.border import passing


def said_of_projects(found: Iterable[tuple[str, str]]) -> str:
    """Return words for (service, compose project) of each container, "" where none has one."""
    by_service: dict[str, set[str]] = {}
    for service, project in found:
        if project:
            by_service.setdefault(service, set()).add(project)
    every = sorted(set().union(*by_service.values()))
    if not every:
        return ""
    names = ", ".join(passing.name(one).replace(passing.NO_NAME, passing.ELLIPSIS) for one in every)
    if any(len(projects) > 1 for projects in by_service.values()):
        return f"the compose projects {names} have services of the same name, and each is read"
    return f"compose project{'s' * (len(every) > 1)} {names}"
