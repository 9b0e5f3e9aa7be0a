"""compose.yaml with the README's block of each environment fits HuleEdu's networks there."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.paths import ROOT

DEPLOY = ROOT / "deploy"
LAYOUTS = Path(__file__).with_name("huleedu")
ENVIRONMENTS = ("development", "production")
ADDRESSES = ("CJ_DATABASE_URL", "CJ_URL", "LLM_PROVIDER_URL", "LLM_QUEUE_REDIS_URL", "LOKI_URL")
PASSWORD = "p$a$$b@c/d#e f"


def block(environment: str) -> dict[str, str]:
    """Return the settings of the README's block."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    pattern = rf"<!-- {environment}:begin -->\n```env\n(.*?)```"
    (found,) = re.findall(pattern, text, re.DOTALL)
    return dict(line.split("=", 1) for line in found.splitlines())


def layout(environment: str) -> dict[str, Any]:
    """Return a copy of HuleEdu's own networks, services and ports there."""
    loaded: dict[str, Any] = yaml.safe_load((LAYOUTS / f"{environment}.yaml").read_text("utf-8"))
    return loaded


def config(folder: Path, settings: dict[str, str], *overrides: str) -> dict[str, Any]:
    """Return what `docker compose config` makes of the shipped files and a filled-in example."""
    command = _compose()
    copied = folder / "deploy"
    shutil.copytree(DEPLOY, copied)
    names = ("compose.yaml", *overrides)
    if command == ["docker-compose"]:
        # Compose 1 knows no top-level name; the project's name is given beside it.
        text = (copied / "compose.yaml").read_text(encoding="utf-8")
        assert "\nname: batchbot\n" in text
        (copied / "compose.yaml").write_text(text.replace("\nname: batchbot\n", "\n"), "utf-8")
    filled = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    for name, value in settings.items():
        (place,) = [n for n, line in enumerate(filled) if line.startswith(f"{name}=")]
        filled[place] = f"{name}={value}"
    (folder / ".env").write_text("\n".join(filled), encoding="utf-8")
    done = subprocess.run(
        [*command, "-p", "batchbot", "--env-file", str(folder / ".env"),
         *(f"-f{copied / name}" for name in names), "config"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    loaded: dict[str, Any] = yaml.safe_load(done.stdout)
    return loaded


def _compose() -> list[str]:
    """Return how compose is called here; skip without it, but fail when CI=true."""
    probe = ["docker", "compose", "version"]
    if shutil.which("docker") and subprocess.run(probe, capture_output=True).returncode == 0:
        return probe[:2]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    if os.environ.get("CI") == "true":
        pytest.fail("CI needs docker compose (Debian package docker-compose)")
    pytest.skip("no docker compose on this machine")


def _networks(made: dict[str, Any]) -> set[str]:
    """Return the names of the networks that the bot joins and compose does not make."""
    joined = made["services"]["batchbot"]["networks"]
    told = {name: made["networks"].get(name) or {} for name in joined}
    return {str(one["name"]) for one in told.values() if one.get("external")}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_bot_joins_networks_that_are_there_and_finds_what_it_asks(
    environment: str, tmp_path: Path
) -> None:
    theirs, settings = layout(environment), block(environment)
    made = config(tmp_path, {**settings, "BOT_DATABASE_PASSWORD": "x"})
    joined = _networks(made)
    assert joined == {one["name"] for one in theirs["networks"].values()}
    bot = made["services"]["batchbot"]
    addresses = [urlsplit(settings[name]) for name in ADDRESSES if name in settings]
    addresses.append(urlsplit(f"kafka://{settings['KAFKA_BOOTSTRAP_SERVERS']}"))
    for address in addresses:
        service = theirs["services"][address.hostname]
        names = {theirs["networks"][one]["name"] for one in service["networks"]}
        assert names & joined, address.hostname
        assert address.port in service["listens"], address.hostname
    for name in (*ADDRESSES, "KAFKA_BOOTSTRAP_SERVERS"):
        assert bot["environment"][name] == settings.get(name, ""), name
    proxy = made["services"]["docker-proxy"]["environment"]
    assert proxy["COMPOSE_PROJECT_OF_HULEEDU"] == theirs["project"]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_port_of_the_host_is_taken_twice(environment: str, tmp_path: Path) -> None:
    made = config(tmp_path, block(environment))
    taken = {port for one in layout(environment)["services"].values() for port in one["host_ports"]}
    assert _published(made) == {8787}
    assert not _published(made) & taken


def test_the_port_of_the_host_is_a_setting(tmp_path: Path) -> None:
    assert _published(config(tmp_path, {"BATCHBOT_PORT": "9999"})) == {9999}


def _published(made: dict[str, Any]) -> set[int]:
    ports = [port for one in made["services"].values() for port in one.get("ports", ())]
    parts = [one["published"] if isinstance(one, dict) else one.split(":")[-2] for one in ports]
    return {int(one) for one in parts}


def test_every_service_is_bounded_and_its_log_is_rotated(tmp_path: Path) -> None:
    for name, service in config(tmp_path, {})["services"].items():
        assert service["mem_limit"], name
        assert service["logging"]["options"]["max-size"], name
        assert "no-new-privileges:true" in service["security_opt"], name


def test_a_password_of_any_characters_reaches_both_sides(tmp_path: Path) -> None:
    made = config(tmp_path, {"BOT_DATABASE_PASSWORD": f"'{PASSWORD}'"})
    bot, memory = (made["services"][one]["environment"] for one in ("batchbot", "memory"))
    # Compose writes its own output so that it could be read as a file of it again.
    said = memory["POSTGRES_PASSWORD"].replace("$$", "$")
    assert said in (PASSWORD, PASSWORD.replace("$$", "$"))
    assert PASSWORD not in bot["BOT_DATABASE_URL"]


def test_secrets_may_be_files(tmp_path: Path) -> None:
    made = config(tmp_path, block("production"), "compose.secrets.yaml")
    bot, memory = (made["services"][one] for one in ("batchbot", "memory"))
    names = {one["source"] if isinstance(one, dict) else one for one in bot["secrets"]}
    assert names == set(made["secrets"])
    for name in names:
        assert bot["environment"][f"{name.upper()}_FILE"] == f"/run/secrets/{name}"
    assert memory["environment"]["POSTGRES_PASSWORD_FILE"] == "/run/secrets/bot_database_password"


def test_direct_logs_add_a_group_and_no_capability(tmp_path: Path) -> None:
    bot = config(tmp_path, {}, "compose.direct-logs.yaml")["services"]["batchbot"]
    assert (bot["cap_drop"], bot.get("cap_add"), bot.get("user")) == (["ALL"], None, None)
    assert [str(one) for one in bot["group_add"]] == ["10101"]
