"""What `python -m tests.fresh` types is what the pages say, and nothing of it is left out."""

import re

from tests.fresh import readme, unit
from tests.support.paths import ROOT


def test_the_commands_of_the_readme_are_those_that_are_typed() -> None:
    copy, build, up, doctor, ready = readme.commands()
    compose = "docker compose --env-file .env -f deploy/compose.yaml"
    assert copy == "cp .env.example .env"
    assert build == f"{compose} build --pull"
    assert up == f"{compose} up -d"
    assert doctor == f"{compose} exec batchbot batchbot doctor"
    assert ready == "curl -s http://127.0.0.1:8787/readyz"
    assert up in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_images_of_compose_and_dockerfile_are_those_that_stand_in() -> None:
    compose = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    asked = set(re.findall(r"^    image: ([a-z]+:[\w.-]+)$", compose, re.MULTILINE))
    asked |= set(re.findall(r"^FROM ([a-z]+:[\w.-]+)", dockerfile, re.MULTILINE))
    assert asked == {"python:3.12-slim", "haproxy:3.0-alpine", "postgres:16"}


def test_the_commands_of_the_units_head_are_those_that_are_typed() -> None:
    venv, settings, service = unit.commands()
    assert venv.startswith("python3 -m venv /opt/batchbot && /opt/batchbot/bin/pip install ")
    assert settings == "install -m 600 .env /etc/batchbot.env"
    assert service == "install -m 644 batchbot.service /etc/systemd/system/"
