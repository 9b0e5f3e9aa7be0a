"""The commands of deploy/README.md, as they stand there."""

import re

from tests.support.paths import ROOT

BEGIN = "## Beside HuleEdu, by compose"
END = "### What the container may do"
COPY = re.compile(r"`(cp \.env\.example \.env)`")
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)


def text() -> str:
    """Return the page."""
    return (ROOT / "deploy" / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return what is typed on a fresh machine, in its order: the copy of .env, then compose."""
    page = text()
    (copy,) = COPY.findall(page)
    section = page[page.index(BEGIN) : page.index(END)]
    return [copy, *(line for block in BLOCK.findall(section) for line in block.splitlines())]


def settings(environment: str) -> dict[str, str]:
    """Return the block of settings of an environment."""
    pattern = rf"<!-- {environment}:begin -->\n```env\n(.*?)```"
    (found,) = re.findall(pattern, text(), re.DOTALL)
    return dict(line.split("=", 1) for line in found.splitlines())
