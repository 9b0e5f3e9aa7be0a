"""Imports all that `batchbot run` imports on its way, for replicas that are forked."""

import bot.cli.output
import bot.cli.setting_check
import bot.service.build  # noqa: F401
import tests.chaos.replica  # noqa: F401
from bot.registry import commands, detectors, import_answers

commands()
detectors()
import_answers()
