"""Tests of bot.drivers."""
