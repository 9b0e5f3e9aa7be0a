"""The incident of 2025-11-18 as data: schema of both revisions, rows and logs."""
