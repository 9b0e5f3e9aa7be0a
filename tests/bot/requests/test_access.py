"""Who may ask where: a table of people and places."""

from dataclasses import replace

import pytest

from bot.errors import DeniedError
from bot.ports import Asker, Place
from bot.requests.access import Access

ACCESS = Access(
    users=frozenset({"U1"}),
    operators=frozenset({"U9"}),
    channels=frozenset({"C1"}),
    incident_channels=frozenset({"C2"}),
    alert_channel="C3",
    names={"C1": "chat", "C2": "incidents"},
)


@pytest.mark.parametrize(
    ("place", "asker"),
    [
        (Place("C1", "U1"), Asker("U1", "C1", operator=False, public=False)),
        (Place("C2", "U1"), Asker("U1", "C2", operator=False, public=True)),
        (Place("C3", "U9"), Asker("U9", "C3", operator=True, public=False)),
        (Place("C3", "U9", "1.1"), Asker("U9", "C3", operator=True, public=True, thread_ts="1.1")),
    ],
)
def test_allowed_people_are_admitted_with_their_rights(place: Place, asker: Asker) -> None:
    assert ACCESS.admit(place) == asker


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (Place("C4", "U9"), "Ask in #chat or #incidents."),
        (Place("C1", "U2"), "not on the list"),
        (Place("", ""), "not on the list"),
        (Place("C1", ""), "not on the list"),
    ],
)
def test_others_are_told_why_not(place: Place, told: str) -> None:
    with pytest.raises(DeniedError, match=told):
        ACCESS.admit(place)


@pytest.mark.parametrize("channel", ["C1", "C4", "D1", ""])
def test_a_stranger_is_told_no_channel_s_name(channel: str) -> None:
    with pytest.raises(DeniedError) as caught:
        ACCESS.admit(Place(channel, "U2"))
    assert "#" not in f"{caught.value.message}{caught.value.hint}"


def test_another_workspace_s_people_need_it_to_be_listed_whoever_may_ask() -> None:
    own = replace(ACCESS, users=frozenset("*"), teams=frozenset({"T1"}))
    place = Place("C1", "U1", teams=frozenset({"T2"}))
    with pytest.raises(DeniedError, match="other workspaces"):
        own.admit(place)
    with pytest.raises(DeniedError, match="other workspaces"):
        own.admit(replace(place, teams=frozenset({"T1", "T2"})))
    assert replace(own, teams=frozenset({"T1", "T2"})).admit(place)
    assert replace(own, teams=frozenset("*")).admit(place)


def test_empty_lists_mean_nobody_and_a_star_everybody() -> None:
    with pytest.raises(DeniedError):
        Access().admit(Place("C1", "U1"))
    everybody = Access(users=frozenset("*"), channels=frozenset("*"))
    assert everybody.admit(Place("C1", "U1")) == Asker("U1", "C1")


@pytest.mark.parametrize("channel", ["D1", "C9"])
def test_a_direct_message_and_the_channel_of_a_route_are_places_to_ask(channel: str) -> None:
    access = replace(ACCESS, routed_channels=frozenset({"C9"}))
    assert access.admit(Place(channel, "U1")) == Asker("U1", channel)
    with pytest.raises(DeniedError):
        access.admit(Place(channel, "U7"))
    assert access.admit(Place("C9", "U1", "1.1")).public
