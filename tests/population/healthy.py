"""Healthy batches in every legal state of both schema revisions, lived through from a seed."""

import random
from datetime import datetime, timedelta
from typing import Any

from tests.population.evidence import Around
from tests.population.world import BEGIN, Faults, World, heartbeat, life, run

STATES = (
    "finished",
    "running",
    "unsent",
    "waiting",
    "backlog",
    "failed",
    "stable_stragglers",
    "small_net",
    "resampled",
    "no_anchors",
    "blips",
    "new",
    "scoring",
    "forced",
    "batch_api",
    "slow_bundle",
    "unread_backlog",
)
EACH = 2 * len(STATES)
BACKLOGS = ("backlog", "slow_bundle", "unread_backlog")
OPEN = ("running", "unsent", "waiting", "new", "scoring", *BACKLOGS)


def state_of(seed: int) -> str:
    """Return which legal state a seed makes."""
    return STATES[seed // 2 % len(STATES)]


def healthy(seed: int) -> tuple[World, Around]:
    """Return one healthy batch; `seed` picks its state, its revision and its numbers."""
    rng = random.Random(seed)
    state = state_of(seed)
    options = _options(rng, state, then=bool(seed % 2))
    timeline = list(life(World(seed, logs=False, **options)))
    world = run(World(seed, now=_moment(rng, state, timeline), logs=_logged(seed), **options))
    if state == "blips" and _errors(world) >= 0.05:
        options["faults"] = Faults()
        world = run(World(seed, now=world.now, logs=_logged(seed), **options))
    if _logged(seed) and state not in ("running", "unsent", "new", *BACKLOGS):
        heartbeat(world, world.now - timedelta(minutes=8))
    return world, Around(
        cj_mode=world.mode,
        provider_mode=world.worked,
        runner_running=state in OPEN,
        no_queue=state == "unread_backlog",
    )


def _logged(seed: int) -> bool:
    return state_of(seed) in ("running", "unsent", *BACKLOGS) or seed // EACH % 4 == 0


def _options(rng: random.Random, state: str, *, then: bool) -> dict[str, Any]:
    essays = rng.randint(14, 24)
    options: dict[str, Any] = {
        "then": then,
        "essays": essays,
        "anchors": rng.randint(4, 8),
        "budget": rng.choice([40, 60, 80]),
        "wave": 10 if then else essays // 2,
        "mode": rng.choice(["serial_bundle", "per_request"]),
        "bundle": 8 if then else rng.choice([8, 16]),
        "seconds_each": rng.uniform(0.8, 6.0),
    }
    special: dict[str, dict[str, Any]] = {
        "backlog": {"wave": 60, "budget": 60, "seconds_each": rng.uniform(20, 34), "bundle": 8},
        "failed": {"stop": "insufficient"},
        "stable_stragglers": {"stop": "stability"},
        "small_net": {
            "stop": "small_net",
            "essays": rng.randint(3, 8),
            "anchors": 1,
            "budget": 350,
        },
        "resampled": {"stop": "resampling", "essays": 8, "anchors": 3, "budget": 50},
        "no_anchors": {"anchors": 0},
        "blips": {"faults": Faults(blips=0.004), "budget": 80},
        "forced": {"stop": "forced"},
        # The older provider had no jobs; it worked such a setting off like serial bundles.
        "batch_api": {"mode": "serial_bundle" if then else "provider_batch_api"},
        "slow_bundle": _slow(rng, then=then),
    }
    special["unread_backlog"] = special["backlog"]
    return options | special.get(state, {})


def _slow(rng: random.Random, *, then: bool) -> dict[str, Any]:
    """Bundles as large as they may be, from a slow model: all is silent for long, by rights."""
    size, each = (8, rng.uniform(60, 74)) if then else (64, rng.uniform(8, 14))
    sizes = {"essays": 24, "anchors": 6, "budget": 2 * size, "wave": 2 * size}
    return {"mode": "serial_bundle", "bundle": size, "seconds_each": each, **sizes}


def _moment(rng: random.Random, state: str, timeline: list[tuple[datetime, str]]) -> datetime:
    """Return when the question is asked."""
    times = {phase: [at for at, name in timeline if name == phase] for _, phase in timeline}
    answers = times.get("answered", [BEGIN])
    match state:
        case "new":
            return BEGIN + timedelta(seconds=rng.uniform(0, 3))
        case "running":
            return rng.choice(answers[:-1]) + timedelta(seconds=rng.uniform(0, 3))
        case "unsent":
            return rng.choice(times["rows"]) + timedelta(seconds=0.5)
        case "waiting":
            return answers[-1] + (times["scoring"][0] - answers[-1]) * rng.random()
        case "scoring":
            return times["scoring"][0] + timedelta(seconds=rng.uniform(0, 2))
        case "slow_bundle":
            began = times["taken"][1]
            return began + (answers[-1] - began) * rng.uniform(0.1, 0.98)
        case "backlog" | "unread_backlog":
            late = [at for at in answers if at > BEGIN + timedelta(minutes=16)]
            return rng.choice(late) + timedelta(seconds=rng.uniform(0, 200))
        case _:
            return timeline[-1][0] + timedelta(minutes=rng.randint(3, 9_000))


def _errors(world: World) -> float:
    return sum(one.winner == "error" for one in world.comparisons) / len(world.comparisons)


def faulty_options(rng: random.Random, *, then: bool, **changes: Any) -> dict[str, Any]:
    """Return the options of an ordinary batch, changed."""
    return _options(rng, "finished", then=then) | changes


__all__ = ["STATES", "faulty_options", "healthy", "state_of"]
