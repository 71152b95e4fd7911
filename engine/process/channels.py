"""The names of :mod:`engine.channels`, which lower ranks (signals, the ``uwsgi`` module) import."""

from engine.channels import Channel, Handler, Lane, MasterSide, WorkerSide, pair

__all__ = ["Channel", "Handler", "Lane", "MasterSide", "WorkerSide", "pair"]
