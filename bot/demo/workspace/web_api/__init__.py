"""Slack's Web API as the local workspace serves it, one file a family of methods.

May import state and validation; not actions, which builds on it. To add a method, write it in the
file of its family and name it in WebApi's table in `methods`; its scope is in state/installation.
"""
