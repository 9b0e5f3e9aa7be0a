"""What is answered to a name or id that means no one thing: none, several, or untold."""

from collections.abc import Sequence
from uuid import UUID

from bot.domain.batch import BatchMatch
from bot.domain.evidence import (
    Missing,
    reading_of,
)
from bot.domain.report import Report, Table
from bot.domain.words import Id, Time, joined, words
from bot.text.redaction import echoed_id
from bot.text.wording import sentence


def ambiguous(ref: str, matches: Sequence[BatchMatch]) -> Report:
    """Return the list of batches that an id may mean; none of them is picked."""
    ref = echoed_id(ref)
    rows = tuple(
        (
            f"{match.batch_id}",
            match.bos_batch_id,
            match.status,
            words(Time(match.created_at)) if match.created_at else "?",
        )
        for match in matches
    )
    return Report(
        command="trace",
        title=f"{ref} may be any of {len(matches)} batches",
        summary="Name one of them by its number or its whole uuid.",
        facts={"matches": [match.batch_id for match in matches]},
        tables=(Table(("batch", "BOS id", "status", "created"), rows),),
        actions=tuple(f"/batch status {match.batch_id}" for match in matches[:3]),
    )


def several(ref: str, ids: Sequence[UUID]) -> Report:
    """Return the list of ids that a short one begins; none of them is picked."""
    return Report(
        command="trace",
        title=f"{ref} may be any of {len(ids)} ids",
        summary=words(f"{ref} may be any of ", joined(", ", (Id(str(id)) for id in ids)), "."),
        facts={"matches": [str(id) for id in ids]},
        found=False,
        actions=tuple(f"/trace {id}" for id in ids[:3]),
    )


def unnamed(ref: str) -> Report:
    """Return the answer for a name that no batch has."""
    ref = echoed_id(ref)
    return Report(
        command="trace",
        title=f"No batch is called {ref}",
        facts={
            "id": ref,
            "kind": "unknown",
            "steps": [],
            "last_step": None,
            "first_missing": None,
            "alias": f"/batch alias {ref} <id>",
        },
        found=False,
        headline="Nothing is found under that name: no batch has it, and no comparison begins so",
        summary="Short ids such as 84ebf6 are a shell's names for its background jobs and stand in "
        f"no table or log. Give such a run a name: /batch alias {ref} <batch id>.",
    )


def untold(ref: str, missing: Missing) -> Report:
    """Return the answer for a name when the database cannot be read."""
    ref = echoed_id(ref)
    return Report(
        command="trace",
        title=f"Which batch {ref} is cannot be told",
        facts={"id": ref, "kind": "unknown", "steps": [], "last_step": None, "first_missing": None},
        sources=(reading_of(missing),),
        unreadable_need=True,
        summary=f"The database cannot be read: {sentence(missing.reason)} "
        "A whole uuid is also searched in the logs.",
    )
