"""The image as shipped, on a real Engine: built, started, healthy, stopped.

`base` makes a stand-in for python:3.12-slim of this machine, for where no registry is; `life` runs
a container as compose does; `python -m tests.image` builds by deploy/Dockerfile and says how it
went. A small version, with this checkout instead of an image, is tests/deploy/test_container.py.
"""
