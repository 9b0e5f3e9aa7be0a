"""An investigation asked from an alert begins with the alert's subject, or says it is gone."""

from bot.diagnosis.investigate.about import FAMILIES, about
from bot.domain.report import Confidence, Finding, Report, Severity


def _report(*rules: str) -> Report:
    findings = tuple(
        Finding(rule, Severity.ERROR, Confidence.HIGH, what=f"what {rule} is") for rule in rules
    )
    return Report("batch investigate", "Investigation of batch 34", {"batch_id": 34}, findings,
                  summary="All of it.", headline="Batch 34: do not use the grades")  # fmt: skip


def test_it_begins_with_what_the_alert_said() -> None:
    told = about(_report("provider-failures", "orphaned-item"), "orphaned-item")
    assert [one.rule for one in told.findings] == ["orphaned-item", "provider-failures"]
    assert str(told.headline) == "Batch 34: what orphaned-item is"
    assert str(told.summary).startswith("what orphaned-item is")


def test_a_rule_s_family_is_found_by_its_own_name_first() -> None:
    told = about(_report("left-unanswered", "lost-callbacks"), "lost-callbacks")
    assert told.findings[0].rule in FAMILIES["lost-callbacks"]
    assert told.findings[0].rule == "lost-callbacks"
    told = about(_report("batch-failed", "left-unanswered"), "lost-callbacks")
    assert told.findings[0].rule == "left-unanswered"


def test_what_is_not_seen_any_more_is_said_to_be_gone() -> None:
    told = about(_report("batch-failed"), "worker-hung")
    assert told.facts["about_found"] is False
    assert str(told.summary).startswith("The alert said worker hung; what is read now does not")
    assert told.headline == "Batch 34: do not use the grades"
