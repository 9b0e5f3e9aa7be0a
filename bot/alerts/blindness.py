"""What the detectors cannot see: one alert for each unreadable source, whoever reads it; pure."""

UNREADABLE_SOURCE = "unreadable_source"
