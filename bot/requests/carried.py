"""What a modal carries, to find back to where it was asked for; only the app ever sees it."""

import json
from dataclasses import asdict

from bot.errors import FormError
from bot.ports import Place
from bot.ports.action_ids import TYPED_BLOCK

_CARRIED = ("channel", "thread_ts", "response_url", "home", "quiet_thread")


def carried_by(place: Place, typed: str, blanks: int = 0) -> str:
    """Return what a modal carries: its place, the line so far, and how many words that lacks."""
    kept = {name: value for name, value in asdict(place).items() if value and name in _CARRIED}
    return json.dumps({"place": kept, "typed": typed[:1_000], "blanks": blanks})


def carried_back(user: str, carried: str) -> tuple[Place, str, int]:
    """Return what a modal carried. Raises FormError for one that is from another version."""
    try:
        data = json.loads(carried)
        kept = {name: data["place"][name] for name in _CARRIED if name in data["place"]}
        return Place(user=user, **{"channel": user, **kept}), str(data["typed"]), data["blanks"]
    except (ValueError, KeyError, TypeError) as error:
        raise FormError({f"{TYPED_BLOCK}_0": "This form is from an older bot."}) from error
