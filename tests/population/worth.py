"""What rows show of a result that is worth less than its status says."""

from dataclasses import replace

from bot.domain.batch import AnswerGroup, BatchRows, ErrorGroup, ProjectionCounts


def worth_of(rows: BatchRows, kind: str) -> BatchRows:
    """Return rows of a batch that got no grades, or whose answers do not judge."""
    header, pairs = rows.header, rows.pairs
    if kind == "ungraded":
        scores = replace(rows.scores, anchors=0)
        assigned = replace(header, assigned=True)
        return replace(rows, header=assigned, projections=ProjectionCounts(), scores=scores)
    if kind == "alike":
        same = replace(pairs, essay_a=pairs.valid, essay_b=0)
        return replace(rows, pairs=same, confident=(AnswerGroup(1.2, pairs.valid, pairs.valid),))
    if kind == "by hand":
        group = ErrorGroup("MANUAL", "operator", "unknown", pairs.valid, 1)
        failed = replace(pairs, essay_a=0, essay_b=0, error=pairs.total)
        return replace(rows, pairs=failed, errors=(group,))
    return rows
