"""A log store is chosen by its settings, and is everywhere called by one name."""

from pathlib import Path

import pytest

from bot.cli.doctor.examination import LOGS_FIX
from bot.cli.help_texts import ASK
from bot.domain.evidence import LogStore
from bot.settings.groups import LogSettings
from bot.sources.docker.logs import DockerLogs
from bot.sources.log_files import LogFiles
from bot.sources.loki.source import Loki


def _logs(**values: str) -> LogSettings:
    return LogSettings(_env_file=None, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize("store", LogStore)
def test_a_log_store_is_chosen_by_its_word_or_else_by_its_setting(store: LogStore) -> None:
    value = {store.setting: store.example or "unix:///run/docker.sock"}
    assert _logs(**value).has(store)
    assert _logs(**value).chosen_source is store
    assert _logs(LOG_SOURCE=store.value).chosen_source is store
    assert not _logs().has(store)


def test_without_a_setting_docker_is_tried_and_files_come_before_loki() -> None:
    assert _logs().chosen_source is LogStore.DOCKER
    both = {"LOKI_URL": "http://loki:3100", "LOG_FILES_DIR": str(Path("logs"))}
    assert _logs(**both).chosen_source is LogStore.FILES


@pytest.mark.parametrize("store", LogStore)
def test_the_hints_name_the_setting_of_every_log_store(store: LogStore) -> None:
    assert store.setting in LOGS_FIX
    assert store.setting in ASK


def test_each_driver_of_logs_bears_the_name_of_its_store() -> None:
    names = {driver.name for driver in (DockerLogs, LogFiles, Loki)}
    assert names == {store.source_name for store in LogStore}
