"""The words that mean something in a question, English and Swedish, and their misspellings."""

import difflib
from enum import StrEnum, auto
from functools import lru_cache


def words_in(text: str) -> frozenset[str]:
    """Return the words of a text, each once."""
    return frozenset(text.split())


class Topic(StrEnum):
    """What a word says about a question."""

    COMPARE = auto()
    LOGS = auto()
    TRACE = auto()
    WHY = auto()
    STATUS = auto()
    QUEUE = auto()
    ALERTS = auto()
    RUNNER = auto()
    CHANGES = auto()
    LIST = auto()
    HELP = auto()
    BATCH = auto()
    BUNDLE = auto()
    # Words that act, that forbid, or that are about something else: nothing is run.
    ACT = auto()
    NEVER = auto()
    OTHER = auto()
    MEASURE = auto()
    # Words that say nothing by themselves.
    FILLER = auto()


WORDS: dict[Topic, str] = {
    Topic.COMPARE: "compare compared comparing vs versus difference differences different differ "
    "differs diff jmf jfr cmp jämför jämföra skillnad skillnaden skiljer",
    Topic.LOGS: "log logs grep search loggar loggarna loggen sök",
    Topic.TRACE: "trace where follow correlation var vart path vägen callback",
    Topic.WHY: "why wrong stuck fail fails failed failing failure broken die died dies dead "
    "investigate happened happening varför fastnat hänger hanging hangs hang problem "
    "reason cause crash crashed slow error errors going strul fel y stalled root fire "
    "burning brinner frozen froze jammed borked busted lost missing delayed weird hände "
    "hänt händer trasig trasigt trasiga segt trög trögt broke felat felade misslyckats "
    "odd strange unusual suspicious konstigt märkligt underligt "
    "story history details background timeline historia historien detaljer bakgrund tidslinje "
    "berätta sammanfatta summary summarize summarise orsak orsaken anledning "
    "misslyckades kraschat kraschade sönder stannat stannade worry snett "
    "vrf seg failade failar failat felar slutade sprack",
    Topic.STATUS: "ok okay done finished finish complete completed status check eta progress doing "
    "ready klar klart färdig how hows hur när when go did fine healthy running still "
    "result results grades state okej moving moves alive trust trusted lita usable rör "
    "lever mår slower faster quicker cheaper worse better longer shorter snabbare långsammare "
    "sämre bättre dyrare billigare news how's goes "
    "funkar fungerar funka körs works model modell modellen mode models modeller "
    "cost costs costed kostade kostar info update look looking kolla kollar titta",
    Topic.QUEUE: "queue q kö kön queued backlog backed",
    Topic.ALERTS: "alert alerts alarm alarms larm larmen acked acknowledged muted snoozed silenced",
    Topic.RUNNER: "runner runners runnern",
    Topic.CHANGES: "changed changes deployed ändrats ändrat ändringar ändringarna",
    Topic.LIST: "list lista recent latest newest senaste batches batcher batcherna batchar "
    "batcharna which what "
    "what's whats vad vilka visa",
    Topic.HELP: "help hjälp commands usage",
    Topic.BATCH: "batch batchen run körning körningen",
    Topic.BUNDLE: "bundle zip evidence",
    Topic.ACT: "mute unmute snooze unsnooze ack acknowledge unack stop kill restart requeue delete "
    "remove clear purge flush drop cancel retry rerun resolve close repair drain pause "
    "resume start reset reboot redeploy deploy abort terminate wipe empty disable enable "
    "silence maintenance alias change set fix release unstick unblock skip move put send "
    "resend rollback approve accept promote assign prioritize prioritise scale upgrade "
    "mark resubmit lower raise lose losing increase decrease adjust turn switch döda "
    "sluta stoppa stäng starta rensa töm tysta kvittera radera avbryt avbröt avbruten "
    "avbruts avbröts startade startades",
    Topic.NEVER: "dont don't never ignore instead",
    Topic.OTHER: "student students pupil elev eleven joke weather python script poem token "
    "password secret instructions prompt",
    Topic.FILLER: "is are the a an of in on at to for it its this that these and or with w we i me "
    "my you your can could would please pls plz tack hey hi hello there now nu then då real "
    "quick rn just again yet snart soon been be was were has have had do does all any "
    "anything some come back up down out about around lol thanks know tell show give get "
    "got by from will går det är en ett för med på och  den har nåt need see many much "
    "comparisons items waiting wait long far so but really night last yesterday today "
    "evening morning open lines line item since someone when sig whether no nr number "
    "nummer id same closer sorry nag return returns returned big large old late bad good "
    "well gått gick judged used ran jag mig åt oss vi hej god morgon afternoon kan du ni "
    "ser ut långt kommit kindly sir team guys folks man vem tog bort "
    "blev blir som dessa went de några om providern dömde dömt dömdes graded grade anyone "
    "anybody somebody bot batchbot thank once more one ones who should must ought may might "
    "would shall into made make take said ska skall bör borde måste får fick kunde skulle "
    "många asked behöver man gör göra inte not only bara även också fortfarande alla "
    "rader raderna fast faulty utan without som blivit "
    "allihop över under thing things first every each everybody varje varenda whose vems",
}
_TOPIC = {word: topic for topic, words in WORDS.items() for word in words.split()}
# What one word is enough to ask for, in the order in which they are looked for.
LOOKED_AT = {Topic.QUEUE: "/queue", Topic.ALERTS: "/alerts list", Topic.RUNNER: "/runner"}
LONGEST_GUESS = 40
SHORTEST_GUESS = 4
CLOSE = 0.8
LONG = 6
# Without these a subject is not a batch's, and no command looks at it.
ELSEWHERE = words_in(
    "database db postgres kafka redis docker server network disk cpu memory slack wifi vpn"
)


def topic_of(word: str) -> Topic | None:
    """Return what a word says, misspelt ones included; None for an unknown word."""
    known = known_word(word)
    return None if known is None else _TOPIC[known]


@lru_cache(maxsize=4_096)
def known_word(word: str) -> str | None:
    """Return the word of the vocabulary that a word is, or is misspelt of; None for no one."""
    if word in _TOPIC:
        return word
    if not SHORTEST_GUESS <= len(word) <= LONGEST_GUESS or not word.isalpha() or word in ELSEWHERE:
        return None
    close = difflib.get_close_matches(word, _GUESSABLE, n=3, cutoff=CLOSE)
    # Two letters of a short word make it another one: `färg` is no misspelt `färdig`.
    return next((one for one in close if len(word) >= LONG or abs(len(one) - len(word)) <= 1), None)


# What is not ours is named outright: `whether` is no misspelt weather.
_GUESSABLE = tuple(
    word
    for word, topic in _TOPIC.items()
    if len(word) >= SHORTEST_GUESS and topic is not Topic.OTHER
)
