"""The verbs of `/runner`: the list, and a stop that is confirmed and written down."""

from collections.abc import Sequence

from bot.diagnosis.runner.report import collect, diagnose
from bot.domain.evidence import RUNNERS, Missing
from bot.domain.report import Report
from bot.domain.runner import Runner
from bot.errors import DeniedError, NotFoundError, SourceError
from bot.ports import CommandContext, Request, RunnerSource
from bot.registry import Usage
from bot.text.wording import sentence
from commands._audited import audited
from commands._words import misuse, shown

GRACE_SECONDS = 10.0
CANNOT_LOOK = "Runners cannot be looked for"


async def answer(request: Request, context: CommandContext, usages: Sequence[Usage]) -> Report:
    """List the runners, or stop one."""
    if request.verb == "stop":
        return await _stop(request, context, usages)
    now = context.now()
    evidence = await collect(context.sources, now, deadline=context.deadline)
    return diagnose(evidence, now)


async def _stop(request: Request, context: CommandContext, usages: Sequence[Usage]) -> Report:
    """Raises DeniedError, NotFoundError or SourceError: no audit trail means no stop."""
    _may_stop(context)
    sources = context.sources
    source = audited(RUNNERS, sources.runners, CANNOT_LOOK, sources.memory)
    runner = await _only(request.words[0], source, context, usages)
    if not _is_confirmed(runner, request):
        return _confirmation(runner)
    outcome = await source.stop(runner.id, grace_seconds=GRACE_SECONDS)
    return Report(
        command="runner",
        title=f"Runner {runner.short_id} was stopped",
        summary=f"{_name(runner)}: {outcome}. Written to the audit trail.",
        facts={"id": runner.id, "outcome": outcome},
        actions=("/runner list",),
    )


def _may_stop(context: CommandContext) -> None:
    if not context.asker.operator:
        raise DeniedError("Only operators may stop a runner.", hint="See SLACK_OPERATORS.")
    if not context.options.runner_stop:
        raise DeniedError("Stopping runners is off.", hint="Set RUNNER_STOP=on to allow it.")


async def _only(
    word: str, source: RunnerSource, context: CommandContext, usages: Sequence[Usage]
) -> Runner:
    from bot.diagnosis.evidence.read import read
    from bot.diagnosis.runner.report import matching

    listing = await read(RUNNERS, source, lambda one: one.list(), context.deadline.next_timeout())
    if isinstance(listing, Missing):
        raise SourceError(RUNNERS, f"{CANNOT_LOOK}: {sentence(listing.reason)}")
    found = [one for one in matching(listing, word) if one.running]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(one.short_id for one in found)
        raise misuse(f"{shown(word)} may be any of {ids}.", "runner", usages)
    raise NotFoundError(f"No running runner is called {shown(word)}.", hint="See /runner list.")


def _is_confirmed(runner: Runner, request: Request) -> bool:
    """Say whether the request names this very runner: its whole id, and when it started.

    A prefix, a name or a label is for looking it up only.
    """
    options = request.options
    return (
        "yes" in options
        and request.words[0] == runner.id
        and options.get("started") == runner.started
    )


def _confirmation(runner: Runner) -> Report:
    confirmed = f"/runner stop {runner.id} --started {runner.started} --yes"
    return Report(
        command="runner",
        title=f"Stop runner {runner.short_id}?",
        summary=f"{_name(runner)} gets TERM, and KILL after {GRACE_SECONDS:.0f} s. What it "
        f"collected so far may be lost. To do it: {confirmed}",
        facts={"id": runner.id, "confirmed": False},
        actions=(confirmed,),
    )


def _name(runner: Runner) -> str:
    return runner.options.get("batch-id") or runner.name
