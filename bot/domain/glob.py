"""Patterns with `*`, matched without backtracking: in time that grows with the text alone."""


def glob_matches(pattern: str, text: str) -> bool:
    """Say whether `pattern` means the whole `text`; `*` stands for any characters or none."""
    first, *rest = pattern.split("*")
    if not rest:
        return text == first
    *middle, last = rest
    if not text.startswith(first):
        return False
    position = len(first)
    for part in middle:
        found = text.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return len(text) - len(last) >= position and text.endswith(last)
