"""CJ's Postgres, read only: queries, rows and schema detection."""
