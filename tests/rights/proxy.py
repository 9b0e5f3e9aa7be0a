"""Whoever takes over the bot, at the Engine's proxy as shipped: each path it must not have."""

import http.client
from urllib.parse import urlsplit

from docker.models.containers import Container

from tests.rights.attempt import Attempt

ACTOR = "proxy"
# 0 stands for a connection that was closed without an answer.
NOT_DONE = (0, 400, 403, 501)
REFUSED = [
    ("GET", "/containers/{id}/json"),
    ("GET", "/v1.41/containers/{id}/json"),
    ("GET", "/containers/{id}/archive?path=/"),
    ("HEAD", "/containers/{id}/archive?path=/"),
    ("GET", "/containers/{id}/export"),
    ("GET", "/containers/{id}/top"),
    ("GET", "/containers/{id}/stats?stream=0"),
    ("GET", "/containers/{id}/changes"),
    ("GET", "/containers/{id}/attach/ws?logs=1"),
    ("POST", "/containers/{id}/attach?logs=1&stdout=1"),
    ("POST", "/containers/{id}/exec"),
    ("POST", "/containers/{id}/stop?t=1"),
    ("POST", "/containers/{id}/kill"),
    ("POST", "/containers/{id}/restart"),
    ("POST", "/containers/{id}/pause"),
    ("POST", "/containers/{id}/rename?name=x"),
    ("POST", "/containers/{id}/update"),
    ("POST", "/containers/create"),
    ("POST", "/containers/prune"),
    ("DELETE", "/containers/{id}"),
    ("PUT", "/containers/{id}/archive?path=/"),
    ("POST", "/containers/json"),
    ("GET", "/containers/huleedu_cj_assessment_service/logs?stdout=1"),
    ("GET", "/containers/{short}/logs?stdout=1"),
    ("GET", "/containers/{id}/logs/../json"),
    ("GET", "/containers/{id}/logs/%2e%2e/json"),
    ("GET", "//containers/{id}/json"),
    ("GET", "/containers/{id}%2fjson"),
    ("GET", "/containers/{id}/json/"),
    ("GET", "/v1.41/../containers/{id}/json"),
    ("GET", "http://x/containers/{id}/json"),
    ("GET", "/events"),
    ("GET", "/events?since=0"),
    ("GET", "/images/json"),
    ("GET", "/images/batchbot-test:latest/get"),
    ("GET", "/volumes"),
    ("GET", "/networks"),
    ("GET", "/info"),
    ("GET", "/system/df"),
    ("GET", "/secrets"),
    ("POST", "/build"),
    ("POST", "/auth"),
    ("POST", "/session"),
    ("OPTIONS", "/containers/json"),
    ("TRACE", "/containers/json"),
    ("CONNECT", "/containers/json"),
]
NEEDED = [
    ("GET", "/_ping"),
    ("GET", "/containers/json"),
    ("GET", "/events?since=1.5&until=2.5"),
    ("GET", "/containers/{id}/logs?stdout=1"),
]


def tried(proxy: str, service: Container) -> list[Attempt]:
    """Ask for everything that is to be refused, and for what the bot needs."""
    found = []
    for paths, should in ((REFUSED, False), (NEEDED, True)):
        for method, path in paths:
            target = path.format(id=service.id, short=service.short_id)
            status, body = asked(proxy, method, target)
            worked = status not in NOT_DONE or b"Config" in body
            found.append(Attempt(ACTOR, f"{method} {path}", worked, should))
    return found


def asked(
    proxy: str, method: str, target: str, headers: dict[str, str] | None = None, body: str = ""
) -> tuple[int, bytes]:
    address = urlsplit(proxy)
    connection = http.client.HTTPConnection(str(address.hostname), address.port or 0, timeout=10)
    try:
        connection.request(method, target, body=body or None, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.read()
    except http.client.RemoteDisconnected:
        return 0, b""
    finally:
        connection.close()
