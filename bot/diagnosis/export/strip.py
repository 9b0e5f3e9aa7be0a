"""A batch's bundles as a strip of cells coloured by what became of each comparison; pure HTML."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.text.wording import many, part_of

MOST_BUNDLES = 120
# Fates in the order in which a bundle shows them, with what people read of each.
FATES = {
    "answered": "answered",
    "failed": "failed",
    "requeued": "sent back to the queue",
    "rejected": "answer rejected",
    "expired": "expired",
    "unseen": "no answer seen",
}
Clock = Callable[[datetime | None], str]


def strip(facts: Mapping[str, Any], at: Clock) -> Iterator[str]:
    """Yield the strip with its legend; `at` writes a time."""
    found = facts.get("bundles")
    bundles = (
        [one for one in found if isinstance(one, Mapping)] if isinstance(found, Sequence) else []
    )
    if not bundles:
        yield "<p>The logs that were read show no bundle of this batch.</p>"
        return
    yield f"<p>{_summary(bundles)}</p>"
    yield '<ol class="strip">'
    for one in bundles[:MOST_BUNDLES]:
        yield f"<li>{_cells(one)}<small>{at(one.get('at'))}</small></li>"
    yield "</ol>"
    if len(bundles) > MOST_BUNDLES:
        yield f'<p class="quiet">{len(bundles) - MOST_BUNDLES} more bundles came after these.</p>'
    seen = [fate for fate in FATES if any(one.get(fate) for one in bundles)]
    legend = "".join(f'<li><i class="{fate}"></i> {FATES[fate]}</li>' for fate in seen)
    yield f'<ul class="legend">{legend}</ul>'
    if missing := _missing(facts, bundles):
        yield f'<p class="quiet">{missing}</p>'


def _summary(bundles: Sequence[Mapping[str, Any]]) -> str:
    kinds = Counter(_kind(one) for one in bundles)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in _KINDS if kinds[kind])
    return f"{many(len(bundles), 'bundle')} in the order of their dispatch: {told}."


_KINDS = ("answered whole", "failed whole", "sent back whole", "without any answer", "mixed")


def _kind(bundle: Mapping[str, Any]) -> str:
    size = bundle.get("size")
    for fate, kind in zip(("answered", "failed", "requeued", "unseen"), _KINDS, strict=False):
        if bundle.get(fate) == size:
            return kind
    return _KINDS[-1]


def _cells(bundle: Mapping[str, Any]) -> str:
    counts = [(fate, int(bundle.get(fate) or 0)) for fate in FATES]
    told = ", ".join(f"{count} {FATES[fate]}" for fate, count in counts if count)
    cells = "".join(f'<i class="{fate}"></i>' * count for fate, count in counts)
    return f'<span role="img" aria-label="{told}" title="{told}">{cells}</span>'


def _missing(facts: Mapping[str, Any], bundles: Sequence[Mapping[str, Any]]) -> str:
    """Say how many comparisons no bundle of the logs holds; one sent back stands in several."""
    total = facts.get("total_pairs")
    placed = sum(int(one.get(fate) or 0) for one in bundles for fate in FATES if fate != "requeued")
    if not isinstance(total, int) or placed >= total:
        return ""
    missing = total - placed
    absent = part_of(missing, total, "comparison", ("is", "are"))
    return f"{absent} in no bundle that the logs show."
