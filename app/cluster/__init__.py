"""Freya on several machines: Celery between the processes that take requests and those that carry them out."""

from app.cluster.joining import Cluster, Place, Scheduled

__all__ = ["Cluster", "Place", "Scheduled"]
