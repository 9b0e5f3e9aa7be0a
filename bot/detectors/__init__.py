"""Detectors: one file (or package) is one detector; helpers carry an underscore.

May import bot.border, domain, text, ports, settings, registry and diagnosis; never sources, slack
or alerts. A file that holds a DETECTOR is found by itself. To add one, write a class with `name`,
`summary`, `Settings`, `sample` and `judge` (see bot.ports.Detector), on RowDetector (rows),
EventCountDetector (log events) or StateDetector (any state); then what CONTRIBUTING lists:
its mirror test, its name in tests/test_plug_ins.py, its rule's meaning and example, a scene.
"""
