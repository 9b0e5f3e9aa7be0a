"""How comparisons are handed to a model's provider: the batching modes that HuleEdu has."""

BATCHING_MODES = ("per_request", "serial_bundle", "provider_batch_api")
UNKNOWN = "unknown"
# What people call them.
MODE_WORDS = {
    "per_request": "single requests",
    "serial_bundle": "bundles",
    "provider_batch_api": "the provider's own batches",
}
SYNONYMS = {"batch_api": "provider_batch_api"}


def batching_mode(word: str) -> str | None:
    """Return the mode that a word names, however it is written; None when it names none."""
    name = word.strip().casefold().replace("-", "_")
    mode = SYNONYMS.get(name, name)
    return mode if mode in BATCHING_MODES else None


def known_mode(word: str) -> str | None:
    """Return the mode that a person's word names, or None."""
    return UNKNOWN if word.casefold() == UNKNOWN else batching_mode(word)
