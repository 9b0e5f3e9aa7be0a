"""Ids, numbers and addresses by their shapes alone."""

import pytest

from bot.border.passing import Passed, let_out


@pytest.mark.parametrize("address", ["81.230.17.4", "83.251.44.17", "8.8.8.8", "81.2.3.4:51234"])
def test_an_address_from_which_a_person_may_come_goes(address: str) -> None:
    for text in ("IP {} blocked", "login from {}", "{}", "client={}"):
        assert address[:7] not in let_out(text.format(address)).text


@pytest.mark.parametrize(
    "text",
    [
        "peer 172.18.0.5:5432",
        "listening on 0.0.0.0:8000",
        "lookup on 127.0.0.11:53",
        "connect to 160.79.104.10:443 failed",
        "version 10.0.19041.1",
    ],
)
def test_a_private_address_a_servers_and_a_version_stay(text: str) -> None:
    assert let_out(text) == Passed(text)


@pytest.mark.parametrize("package", ["redis@1.2.3", "@types/node@20.1.0", "next@15.2.1"])
def test_a_package_with_its_version_stays_and_a_person_before_one_goes(package: str) -> None:
    assert let_out(f"{package} installed") == Passed(f"{package} installed")
    for name in ("svensson", "lova.sandberg", "erik-lund", "April"):
        assert name not in let_out(f"{name}@1.2.3 removed").text


@pytest.mark.parametrize(
    "text", ["code=4821 for login", "sms code=4821", "verification: code=4821"]
)
def test_a_code_behind_a_sign_goes_where_it_lets_somebody_in(text: str) -> None:
    assert "4821" not in let_out(text).text
    assert let_out("websocket closed with code=1006").replaced == 0


def test_a_digest_stays_behind_what_is_said_of_images() -> None:
    text = f"pulled sha256:{'9f86d081' * 8}"
    assert let_out(text) == Passed(text)
    for before in ("password ", "", "note "):
        assert "9f86" not in let_out(f"{before}sha256:{'9f86d081' * 8}").text
