"""What others' software writes by fixed rules is shown, and nothing of what it was given."""

import random
from typing import Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.border.passing import let_out

# https://grpc.github.io/grpc/core/md_doc_statuscodes.html
GRPC = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
]
# Reasons of the kubelet's and scheduler's events and of containers' states.
KUBERNETES = [
    "CrashLoopBackOff",
    "OOMKilled",
    "Error",
    "Completed",
    "ContainerCannotRun",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
    "ContainerCreating",
    "PodInitializing",
    "Terminating",
    "Evicted",
    "FailedScheduling",
    "BackOff",
    "Unhealthy",
    "FailedMount",
    "FailedAttachVolume",
    "NodeNotReady",
    "Preempted",
    "DeadlineExceeded",
]
POD_LETTERS = "bcdfghjklmnpqrstvwxz2456789"


class Request(BaseModel):
    model_config = ConfigDict(extra="forbid")
    batch_id: int
    essay_ids: list[UUID] = Field(min_length=2)
    mode: Literal["serial", "provider_batch_api"]
    timeout_seconds: float = Field(gt=0)


@pytest.mark.parametrize("name", GRPC)
@pytest.mark.parametrize("text", ["status = StatusCode.{}", "grpc status {}", "code={}"])
def test_a_grpc_status_stays(text: str, name: str) -> None:
    assert let_out(text.format(name)).replaced == 0


@pytest.mark.parametrize("name", KUBERNETES)
@pytest.mark.parametrize("text", ["reason={}", "Container cj restarted: {}", "state: {}"])
def test_a_reason_of_kubernetes_stays(text: str, name: str) -> None:
    assert let_out(text.format(name)).replaced == 0


@pytest.mark.parametrize("seed", range(20))
def test_a_pod_stays_whatever_its_name_ends_with(seed: int) -> None:
    chosen = random.Random(seed)
    tail = "".join(chosen.choices(POD_LETTERS, k=9)), "".join(chosen.choices(POD_LETTERS, k=5))
    text = f"Pod cj-assessment-service-{'-'.join(tail)} restarted"
    assert let_out(text).replaced == 0
    assert let_out(f"Pod lova-sandberg-{'-'.join(tail)} restarted").replaced


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"batch_id": "Lova", "essay_ids": ["Sandberg"], "mode": "Skogen", "timeout_seconds": -1},
        {"batch_id": 1.5, "essay_ids": "Lova", "mode": {"a": "Lova"}, "timeout_seconds": "Lova"},
        {
            "batch_id": None,
            "essay_ids": [],
            "mode": "serial",
            "timeout_seconds": 0,
            "worker": "Lova",
        },
    ],
)
def test_of_a_validation_error_fields_and_rules_stay_and_the_input_goes(given: object) -> None:
    with pytest.raises(ValidationError) as raised:
        Request.model_validate(given)
    shown = let_out(str(raised.value), 5_000).text
    for error in raised.value.errors():
        assert str(error["loc"][0]) in shown
        assert f"type={error['type']}" in shown
        assert f"input_type={type(error['input']).__name__}" in shown
    assert not any(word in shown for word in ("Lova", "Sandberg", "Skogen"))


@pytest.mark.parametrize(
    "text", ['error_text="Overloaded"', "error_body='rate limit exceeded' status=429"]
)
def test_what_a_provider_says_of_an_error_stays_when_it_is_known(text: str) -> None:
    assert let_out(text).replaced == 0
    assert "Lova" not in let_out("error_text='Lova sprang hem' error_body=Lova").text
