"""A runner is known by its command line, of which only allow-listed options are shown."""

import pytest

from bot.sources.runners.command_line import is_runner_command, shown_options


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/usr/bin/python3 /x/bin/eng5-np-run --mode execute", True),
        ("python3.11 -m scripts.cj_experiments_runners.eng5_np.cli --mode plan", True),
        ("python /repo/scripts/cj_experiments_runners/eng5_np/cli.py", True),
        ("/usr/bin/python3 /usr/local/bin/pdm run eng5-np-run --mode execute", True),
        ("pdm run eng5-runner", True),
        ("bash scripts/run_eng5_np_runner.sh", True),
        ("/opt/venv/bin/eng5-np-run", True),
        ("grep eng5-np-run", False),
        ("vim /repo/scripts/cj_experiments_runners/eng5_np/cli.py", False),
        ("python -m pytest scripts/cj_experiments_runners/eng5_np/cli.py", False),
        ("python server.py eng5-np-run", False),
        ("pdm run tests", False),
        ("bash -c eng5-np-run-later", False),
        ("", False),
    ],
)
def test_a_command_line_is_a_runner_or_merely_mentions_one(line: str, expected: bool) -> None:
    assert is_runner_command(line.split()) is expected


def test_only_allow_listed_options_are_shown() -> None:
    line = (
        "--mode execute --batch-id=serial-1 --await-completion --llm-model x --output-dir /x/ann "
        "--api-key sk-123 --completion-timeout 900 --max-comparisons"
    )
    assert shown_options(line.split()) == {
        "mode": "execute",
        "batch-id": "serial-1",
        "await-completion": "yes",
        "completion-timeout": "900",
    }


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("serial_bundle", "serial_bundle"),
        ("batch-api", "batch-api"),
        ("serial_bundel", "none of per_request, serial_bundle, provider_batch_api"),
        ("Jag minns min sommar", "none of per_request, serial_bundle, provider_batch_api"),
    ],
)
def test_a_batching_mode_that_there_is_not_is_told_with_the_known_ones(
    given: str, shown: str
) -> None:
    options = shown_options(["eng5-np-run", "--llm-batching-mode", given])
    assert options == {"llm-batching-mode": shown}
