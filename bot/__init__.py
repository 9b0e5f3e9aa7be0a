"""batchbot: diagnoses comparative-judgement batches from Slack and alerts when they get stuck."""
