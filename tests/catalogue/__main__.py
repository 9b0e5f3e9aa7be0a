"""`python -m tests.catalogue` writes bot/catalogue/examples.json from what the code says now."""

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

from bot.service import embedded_postgres
from tests.catalogue.examples import made
from tests.support.paths import ROOT

EXAMPLES = ROOT / "bot" / "catalogue" / "examples.json"


async def _made(folder: Path) -> dict[str, dict[str, str]]:
    server = await embedded_postgres.start(folder, durable=False)
    try:
        return await made(await server.create_database("night"))
    finally:
        await server.stop(remove=True)


def main() -> int:
    """Write the file."""
    folder = Path(tempfile.mkdtemp(prefix="bb-catalogue-"))
    folder.chmod(0o711)  # as root the server runs as another user, who has to pass through
    try:
        found = asyncio.run(_made(folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = json.dumps(found, indent=1, ensure_ascii=False)
    EXAMPLES.write_text(f"{text}\n", encoding="utf-8")
    sys.stdout.write(f"wrote {EXAMPLES.relative_to(ROOT)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
