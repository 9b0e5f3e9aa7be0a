"""The ENG5 runners: `source` implements RunnerSource.

Runners are containers (through bot.sources.docker) and processes of this machine (psutil). May
import bot.sources.docker. To recognise a further way to start the runner, or show a further option,
change `command_line`.
"""
