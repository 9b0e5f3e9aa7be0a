"""`python -m tests.agent` writes an agent's session beside the server's page."""

import asyncio
import shutil
import sys
import tempfile
from pathlib import Path

from bot.demo.incident.rows import load
from bot.service import embedded_postgres
from tests.agent.session import Session, agent, asked, settings_of, written
from tests.support.paths import ROOT

PAGE = ROOT / "bot" / "cli" / "mcp" / "SESSION.md"


async def session_in(folder: Path) -> Session:
    """Start a database with the recorded night in a folder, and let an agent ask about it."""
    server = await embedded_postgres.start(folder / "postgres", durable=False)
    try:
        url = await server.create_database("night")
        await load(url, "then")
        async with agent(folder, settings_of(url)) as client:
            return await asked(client)
    finally:
        await server.stop(remove=True)


def main() -> int:
    """Write the page."""
    folder = Path(tempfile.mkdtemp(prefix="bb-agent-"))
    folder.chmod(0o711)  # as root the server runs as another user, who has to pass through
    try:
        PAGE.write_text(written(asyncio.run(session_in(folder))), encoding="utf-8")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"wrote {PAGE.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
