"""Which streams hold a service's log, whatever labels the shipper gave them."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.log import Service, service_of

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
CORRELATION_LABEL = "correlation_id"


# Docker's driver, promtail and OpenTelemetry's collectors each name them differently; the first
# label whose values are of our services is theirs.
SERVICE_LABELS = (
    "service", "compose_service", "service_name", "swarm_service", "k8s_deployment_name", "app",
    "job",
)  # fmt: skip
CONTAINER_LABELS = ("container", "container_name", "k8s_container_name")


@dataclass(frozen=True, slots=True)
class Layout:
    """The labels that a server has, with the values of those that name services.

    `service_label` and `container_label` are the ones that name ours.
    """

    names: frozenset[str] = frozenset()
    services: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    service_label: str = SERVICE_LABELS[0]
    container_label: str = CONTAINER_LABELS[0]

    def selector(self, service: Service) -> str:
        """Return the stream selector of a service, "" when nothing of it is stored."""
        if service.name in self.services:
            return _is(self.service_label, service.name)
        found = [name for name in self.containers if service_of(name, [service]) is service]
        return _one_of(self.container_label, found)

    def containers_of(self, service: Service) -> list[str]:
        """Return the container names that a service's pattern covers."""
        return [name for name in self.containers if service_of(name, [service]) is service]

    def container_selector(self, name: str) -> str:
        """Return the selector of one container's streams, or of the service it is known by."""
        label = self.container_label if name in self.containers else self.service_label
        return _is(label, name)


def layout_of(
    names: frozenset[str], values: Mapping[str, Collection[str]], services: Sequence[Service]
) -> Layout:
    """Return the layout whose labels name our services, of a server's labels and values."""
    ours = {one.name for one in services}

    def fits(value: str) -> bool:
        return any(service_of(value, [one]) is one for one in services)

    by_service = [one for one in SERVICE_LABELS if ours & set(values.get(one, ()))]
    by_container = [one for one in CONTAINER_LABELS if any(map(fits, values.get(one, ())))]
    service, container = (
        next(iter((*found, *(one for one in labels if one in names))), labels[0])
        for found, labels in ((by_service, SERVICE_LABELS), (by_container, CONTAINER_LABELS))
    )
    return Layout(
        names,
        tuple(sorted(values.get(service, ()))),
        tuple(sorted(values.get(container, ()))),
        service,
        container,
    )


def line_filter(words: Sequence[str]) -> str:
    """Return the LogQL filter for lines that hold any of the words, letter by letter."""
    if not words:
        return ""
    if len(words) == 1:
        return f" |= {quoted(words[0])}"
    pattern = "|".join(re.escape(word).replace("\\ ", " ").replace("\\-", "-") for word in words)
    return f" |~ {quoted(pattern)}"


def by_label(selector: str, layout: Layout, words: Sequence[str]) -> str:
    """Return a selector of lines whose correlation id is a label and not in the text, or ""."""
    ids = [word for word in words if _UUID.fullmatch(word)]
    if not ids or CORRELATION_LABEL not in layout.names:
        return ""
    return f"{selector[:-1]},{_one_of(CORRELATION_LABEL, ids)[1:]}"


def selectors(layout: Layout, services: Sequence[Service]) -> tuple[str, str]:
    """Return one selector for all services that have a label, and one for the others' containers.

    LogQL has no "or" between labels; either is "" when it would select nothing.
    """
    labelled = [one.name for one in services if one.name in layout.services]
    rest = [one for one in services if one.name not in layout.services]
    names = sorted({name for one in rest for name in layout.containers_of(one)})
    return _one_of(layout.service_label, labelled), _one_of(layout.container_label, names)


def quoted(text: str) -> str:
    """Return a LogQL string literal; it has the escapes of Go."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char.isprintable():
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return f'"{"".join(out)}"'


def _is(label: str, value: str) -> str:
    return f"{{{label}={quoted(value)}}}"


def _one_of(label: str, values: Sequence[str]) -> str:
    if not values:
        return ""
    if len(values) == 1:
        return _is(label, values[0])
    return f"{{{label}=~{quoted('|'.join(re.escape(value) for value in values))}}}"
