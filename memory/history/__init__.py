"""Histories as a whole: taken in from elsewhere, given out, and erased."""

from memory.history.erasing import ErasedStore, Eraser, ErasureReceipt, ForgetKey, StopRuns
from memory.history.exporting import HistoryExporter
from memory.history.forgetting import Copies, ForgottenMessage, MessageForgetter
from memory.history.importing import HistoryImporter, ImportReport, Users
from memory.history.lines import HistoryLine
from memory.history.rows import Rows
from memory.history.stores import OwnedVectors, RedisKeys, ShortTerm, VectorRows

__all__ = [
    "Copies",
    "ErasedStore",
    "Eraser",
    "ErasureReceipt",
    "ForgetKey",
    "ForgottenMessage",
    "HistoryExporter",
    "HistoryImporter",
    "HistoryLine",
    "ImportReport",
    "MessageForgetter",
    "OwnedVectors",
    "RedisKeys",
    "Rows",
    "ShortTerm",
    "StopRuns",
    "Users",
    "VectorRows",
]
