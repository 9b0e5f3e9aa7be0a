"""The service whose lines a question names, and the words that ask for lines; pure."""

import re
from collections.abc import Iterable

from bot.domain.log import Service
from bot.requests.questions.words.vocabulary import words_in
from bot.text.log_words import EVERYWHERE, services_named

SEARCHES = re.compile(
    r"\b(?:logs?|grep|search|loggar(?:na)?|loggen|sök|look(?:ing)? for)\b", re.IGNORECASE
)
# Lines of a service that say something: `errors of cj about 529`, `rader från cj om timeout`.
LINES = re.compile(
    r"\b(?:errors?|warnings?|exceptions?|tracebacks?|lines?|messages?|fel(?:en|rader(?:na)?)?"
    r"|rad(?:er)?(?:na)?|varning(?:ar)?(?:na)?|meddelanden?(?:a)?)\b",
    re.IGNORECASE,
)
# What services do with lines.
SPEAKS = re.compile(
    r"\b(?:says?|said|saying|tells?|told|wrote|writes?|reports?|reported|logged|logging|complain\w*"
    r"|answered|sa|sade|säger|skrev|skriver|loggade|loggar|svarade|klaga\w*|rapportera\w*)\b",
    re.IGNORECASE,
)
_SHORT = words_in("cj lps llm")
_DEFINITE = {"providern": "provider", "runnern": "runner"}
_GENERAL = words_in("service services the all assessment")


def service_in(words: Iterable[str], known: Iterable[Service]) -> str:
    """Return the word that names a service, a whole name or a role; "" for none."""
    services = tuple(known)
    for word in words:
        fold = _DEFINITE.get(word.casefold(), word.casefold())
        is_name = (len(word) > 3 and fold not in _GENERAL) or fold in _SHORT
        if is_name and fold != EVERYWHERE and services_named(fold, services):
            return fold if fold in _DEFINITE.values() else word
    return ""
