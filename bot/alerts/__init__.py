"""The life of an alert: decide (pure), remember (Postgres), tick, post."""
