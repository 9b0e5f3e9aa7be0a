"""What a word may mean as a batch's id, the surest meaning first; pure."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

LARGEST_ID = 2**31 - 1
_PREFIX = re.compile(r"[0-9a-fA-F]{6,8}(?:-[0-9a-fA-F-]*)?\Z")


def meanings(ref: str) -> Iterator[tuple[str, Any, str]]:
    """Yield the condition, its value and the name of what `ref` may mean, the surest first.

    Digits alone are a CJ id; where no batch has it, they may begin a uuid as well as letters do.
    """
    if ref.isascii() and ref.isdecimal() and len(ref) <= 10 and int(ref) <= LARGEST_ID:
        yield "id = $1", int(ref), "cj_id"
    with contextlib.suppress(ValueError):
        yield "bos_batch_id = $1", str(UUID(ref)), "bos_batch_id"
        return
    if _PREFIX.match(ref):
        yield "bos_batch_id LIKE $1", f"{ref.lower()}%", "prefix"
