"""Tells bytes that are no log in UTF-8, whose silence would prove nothing."""

LOOKED_AT = 512
_BEGINNINGS = (
    (b"\x1f\x8b", "it is compressed, and its name does not end in .gz"),
    (b"\x28\xb5\x2f\xfd", "it is compressed by zstd"),
    (b"\xfd7zXZ\x00", "it is compressed by xz"),
    (b"BZh", "it is compressed by bzip2"),
    (b"PK\x03\x04", "it is a zip archive"),
    (b"\xff\xfe\x00\x00", "its text is in UTF-32"),
    (b"\xff\xfe", "its text is in UTF-16"),
    (b"\xfe\xff", "its text is in UTF-16"),
)
_FEW = 16


def foreign(head: bytes) -> str:
    """Return why a file that begins so holds no lines that can be read; empty when it may.

    A log that was truncated while it was written begins with zeros only, and goes on as a log.
    """
    for beginning, why in _BEGINNINGS:
        if head.startswith(beginning):
            return why
    if len(head) >= _FEW and _has_zero_halves(head):
        return "its text is in UTF-16"
    return ""


def _has_zero_halves(head: bytes) -> bool:
    """Say whether every second byte is zero and hardly any other is, as in Latin text of UTF-16."""
    even, odd = head[::2], head[1::2]
    fewer, more = sorted((even.count(0) / len(even), odd.count(0) / len(odd)))
    return more > 0.9 and fewer < 0.1
