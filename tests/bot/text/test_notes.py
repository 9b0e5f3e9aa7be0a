"""What a person writes of an alert stays readable, and holds no data of anybody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.notes import noted

CHARS = 200
PLAIN = """
went down after the deploy, restarted by hand
hand over to the night shift
restarted the LLM provider and the queue drains again
known issue, see the runbook in Confluence
waiting for Anthropic, their status page is red
Olle is looking at it, back after lunch
false alarm: the test environment was rebuilt
increased the pool from 5 to 20 and it went away
CPU at 100% since 14:05, moved to the other host
deploy of v1.4.2 rolled back
don't worry, it is the weekly load test
we saw this on 2025-11-18 too; same cause
batch 33 is a duplicate of batch 31
the disk was full (98 %), cleaned old images
redis was flushed by mistake, items are lost
ask the platform team before you restart anything
PR-123 fixes it, merged today
muted while we upgrade Postgres to 16
planned maintenance tonight 22:00..23:30
rate limit raised to 4000 rpm by the vendor
the worker hung again, third time this week
kernel OOM killed cj_assessment_service twice
scaling llm_provider to 3 replicas helped
not urgent: nothing waits for these results
students are done for today, low priority
teachers upload on Monday, check again then
token limit was the cause, prompt was too long
password rotation broke the login of the service
api key was rotated and the old one expired
fixed by hand: set MAX_WORKERS=4 in the env file
startade om kön för hand, nu rullar det igen
gick ner efter uppdateringen, vi väntar på leverantören
känt fel, se körboken
disken var full, rensade gamla avbilder
tystat under kvällens underhåll
samma fel som förra veckan, Lisa tittar på det
batch 33 körs om i morgon bitti
lösenordet byttes och tjänsten kom inte in
det var nätverket hos oss, inte tjänsten
ring jouren om det händer igen i natt
Vi har startat om providern, Olle tar över efter lunch
Anthropic status page says elevated errors, see https://status.anthropic.com/incidents/abc123
runbook step 3 (requeue) done, step 4 left for the night shift
Rolled back to 52468214 because the new prompt template broke parsing
ask @lena
Fixed in https://github.com/acme/huleedu/pull/421
raised DETECTOR_PROVIDER_ERRORS_SHARE to 0.3
TTL ends 19:29
p95 went 4.2s
false alarm: the 529s came from load test
Overlämning: kön är tömd, kvar är att köra om batch 34
"""
# Each note, and behind "##" what of it may not be kept. Keys stand in parts, so that no scanner
# takes them for real ones.
SECRET = """
password is hunter2 ## hunter2
the password was Sommar2024! ## Sommar2024
pw: korrekthast ## korrekthast
logged in with password sommarlov ## sommarlov
lösenordet är fiskmås ## fiskmås
lösenord fiskmås gäller ## fiskmås
token=abc123def456ghi ## abc123
API_KEY=sk-^ant-^api03-Zm9vYmFyQmF6MTIz set again ## Zm9v|sk-ant
used key AKIA^IOSFODNN7EXAMPLE ## AKIAIOS
gh^p_16C7e42F292c6912E7710c838347Ae178B4a is in the log ## 16C7e
Bearer ey^JhbGciOiJIUzI1NiJ9.ey^JzdWIiOiIxIn0.abc ## eyJh
xo^xb-123456789012-abcdefABCDEF in env ## 123456789012
postgresql://cj:hemligt@db:5432/cj works ## hemligt
redis-cli -a hemligt123 helped ## hemligt123
PGPASSWORD=sommar psql -h db ## sommar
pin 4711 opens the door ## 4711
otp 884213 worked ## 884213
mail ebba.lindqvist@skola.se about it ## ebba|lindqvist
call 070-123 45 67 ## 070|45 67
ring +46 70 123 45 67 ## 123 45
elev 20100102-2384 berörs ## 20100102|2384
pnr 100102-2384 ## 100102|2384
student Ebba Lindqvist complained ## Ebba|Lindqvist
essay of Ebba Lindqvist was lost ## Ebba|Lindqvist
eleven Ebba saknar omdöme ## Ebba
läraren Grant Page ringde ## Grant|Page
user_id=ebba17 cannot log in ## ebba17
user 4f1c2a9b-1111-4222-8333-1234567890ab cannot log in ## 4f1c2a9b
username: ebbali ## ebbali
student_name=Ebba ## Ebba
<@U02ABC123XY> will fix ## U02ABC123XY
her essay begins "Jag minns sommaren vid havet med mormor" ## sommaren|mormor
prompt was 'write about your summer by the sea' ## summer
student_text="en gång var jag rädd" ## rädd
född 2010-01-02 ## 2010-01-02
card 4111 1111 1111 1111 was used ## 4111 1111
secret: vårregn ## vårregn
cookie sessionvarde gäller ## sessionvarde
admin:sommarlov ## sommarlov
curl -u admin:sommarlov https://api.example.org/v1 ## sommarlov
-----BEGIN PRIV^ATE KEY----- MIIEvQIBADANBg ## MIIEv
"""


@pytest.mark.parametrize("note", PLAIN.strip().splitlines())
def test_plain_words_are_kept_as_they_were_written(note: str) -> None:
    assert noted(note, CHARS) == note


@pytest.mark.parametrize("line", SECRET.strip().splitlines())
def test_data_is_not_kept(line: str) -> None:
    note, _, hidden = line.replace("^", "").rpartition(" ## ")
    shown = noted(note, CHARS)
    assert [word for word in hidden.split("|") if word in shown] == []


@given(st.text(), st.integers(1, 300))
def test_any_note_becomes_one_bounded_line_that_stays_as_it_is(text: str, limit: int) -> None:
    shown = noted(text, limit)
    assert len(shown) <= limit
    assert "\n" not in shown
    assert noted(noted(text, 10_000), 10_000) == noted(text, 10_000)
