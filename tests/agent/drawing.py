"""An agent's session as a page to look at: what it called, what it was told, what it answered."""

import json
from collections.abc import Iterator
from html import escape

from tests.agent.session import QUESTION, Session, text_of

# So many lines of what a tool returned are shown.
SHOWN = 9
STYLE = """
:root { color-scheme: light dark; --on: #1d1c1d; --off: #fff; --soft: #f4f4f4; --dim: #616061; }
@media (prefers-color-scheme: dark) {
  :root { --on: #e8e8e8; --off: #1a1d21; --soft: #24272c; --dim: #ababad; }
}
body { margin: 0; background: var(--off); color: var(--on); font: 15px/1.45 sans-serif; }
main { padding: 14px; max-width: 760px; }
h2 { font-size: 16px; margin: 0 0 8px; }
p { margin: 6px 0; }
pre { background: var(--soft); border-radius: 6px; padding: 8px; margin: 6px 0; overflow: hidden;
  white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.4 monospace; }
.dim { color: var(--dim); }
"""


def drawn(session: Session) -> str:
    """Return the session as one HTML page, its results shortened to their first lines."""
    return (
        f'<!doctype html><meta charset="utf-8"><title>batchbot mcp</title><style>{STYLE}</style>'
        f"<main>{''.join(_parts(session))}</main>"
    )


def _parts(session: Session) -> Iterator[str]:
    yield f"<h2>{escape(QUESTION)}</h2>"
    yield f'<p class="dim">batchbot mcp offers {escape(", ".join(session.tools))}</p>'
    for tool, arguments, result in session.calls:
        lines = [line for line in text_of(result.content[0]).splitlines() if line.strip()]
        left = len(lines) - SHOWN
        more = f"\n… {left} more lines" if left > 0 else ""
        yield f"<p>● <b>{escape(tool)}</b> {escape(json.dumps(arguments))}</p>"
        yield f"<pre>{escape(chr(10).join(lines[:SHOWN]))}{more}</pre>"
    yield "".join(f"<p>{escape(line)}</p>" for line in session.answer.splitlines())
