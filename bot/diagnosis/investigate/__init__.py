"""The whole story of a batch: funnel, hypotheses and what was ruled out."""
