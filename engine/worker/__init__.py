"""One worker: listeners, protocols, cores and the application put together on one loop."""

from engine.worker.settings import Supervised, WorkerSettings
from engine.worker.worker import Worker

__all__ = ["Supervised", "Worker", "WorkerSettings"]
