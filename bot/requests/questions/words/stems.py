"""What a word of the field begins with, English and Swedish, in whatever form it stands; pure."""

import re
from collections.abc import Iterable

# What batches, comparisons and answers are, and what is done to them and comes over them.
_STEMS = """
    fail miss lost lose losing lack gone vanish disappear drop discard reject refus invalid valid
    answer response respond callback result outcome compar pair judg assess evaluat grade grading
    scor rank rating winner model provider anthropic openai claude haiku sonnet gpt llm mode bundl
    mock fake dummy real genuine test cost price token dollar cheap spen rerun retr resubmit
    resend redo again repeat duplicat twice double error fault bug exception traceback expir
    timeout overload limit throttl quota budget iteration wave converg stab stuck slow late
    long delay wait hang stall block orphan queue restart kill crash dead died cancel abort stop
    start begin begun finish complet close done ready publish event kafka redis database postgres
    essays uppsatser content anchor projection use using usable trust rely reliab believ correct
    wrong bad broken safe matter affect impact caus reason blam explain happen
    change differ same similar submit sent send request queued dispatch receiv arriv return
    code status state version deploy setting config sweep monitor hung
    misslyck sakna tapp förlor borta försv avvis neka ogiltig giltig svar återanrop resultat utfall
    jämför bedöm döm betyg poäng rankning vinnare modell leverantör läge bunt låtsas
    riktig äkta prov kost pris billig kör igen dubbl fel undantag gått
    utgång gräns kvot varv konverg trög långsam vänt häng kö omstart avbr
    slut klar färdig börj publicer händelse databas innehåll ankar använd lita litlig pålitlig
    stämm trasig säker spela påverk orsak skyld förklar hände hänt ändr skiljer samma skick
    mottag fastn permission rättighet behörig access schema column kolumn migrat network nätverk
    stått idle inactive stilla rättvis bero drabb
"""
_MATTERS = re.compile(rf"(?:{'|'.join(_STEMS.split())})\w*")
_ASKS = re.compile(
    r"\b(?:who|whose|what|which|when|where|why|how|did|do|does|is|are|was|were|has|have|had|can"
    r"|could|should|shall|must|may|might|will|would|any|whats|what's|hows|how's"
    r"|vem|vems|vad|vilken|vilket|vilka|när|var|varför|hur|är|blev|har|hade|kan|kunde|ska|bör"
    r"|borde|måste|får|fick|gick|går|finns|fanns|behöver|vilkas|stämmer|kommer|gjorde)\b|\?"
    # A Swedish question begins with its verb.
    r"|^\w+(?:r|de|te|s) (?:vi|jag|man|det|den|ni|någon|några|batch\w*)\b"
)


def asks(fold: str) -> bool:
    """Say whether a folded text asks anything: by a word that asks, or by its mark."""
    return bool(_ASKS.search(fold))


def speaks_of_batches(folds: Iterable[str]) -> bool:
    """Say whether one of these words is of what batches are, do and undergo."""
    return any(_MATTERS.fullmatch(fold) for fold in folds)
