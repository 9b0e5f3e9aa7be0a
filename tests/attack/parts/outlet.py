"""What went out, by which way."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from zipfile import ZipFile, is_zipfile

from bot.log import QUIET, Json, Redacted

# Names under which a message carries what Slack sends back, which nobody reads.
CARRIED = ("value", "private_metadata")


@dataclass
class Outlet:
    """Texts by the way that they went out."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def put(self, way: str, text: object) -> None:
        """Keep a text, or each file of an archive."""
        if isinstance(text, bytes) and is_zipfile(BytesIO(text)):
            with ZipFile(BytesIO(text)) as archive:
                for name in archive.namelist():
                    self.put(f"{way}, zip", name)
                    self.put(f"{way}, zip", archive.read(name))
        elif isinstance(text, bytes):
            self.put(way, text.decode("utf-8", "replace"))
        else:
            self.texts.setdefault(way, []).append(str(text))

    def whole(self) -> Iterator[tuple[str, str]]:
        """Yield (way, all that went out by it), each text once."""
        for way, texts in self.texts.items():
            yield way, "\n".join(dict.fromkeys(texts))


@contextmanager
def own_log(out: Outlet) -> Iterator[None]:
    """Write the log of the bot, and of the libraries under it, as both of its forms do."""

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            for form in (Redacted(), Json()):
                out.put("the bot's log", form.format(record))

    root, keeper = logging.getLogger(), Keeper(logging.DEBUG)
    before = root.level
    root.addHandler(keeper)
    root.setLevel(logging.INFO)
    levels = {name: logging.getLogger(name).level for name in QUIET}
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        yield
    finally:
        root.removeHandler(keeper)
        root.setLevel(before)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def keep_sent(out: Outlet, way: str, sent: Any, name: str = "") -> None:
    """Keep every text and key of what was sent; what a button carries is a way of its own."""
    if isinstance(sent, dict):
        for key, item in sent.items():
            out.put(way, key)
            keep_sent(out, way, item, key)
    elif isinstance(sent, list | tuple):
        for item in sent:
            keep_sent(out, way, item, name)
    elif sent is not None:
        out.put(f"{way}, carried" if name in CARRIED else way, sent)
