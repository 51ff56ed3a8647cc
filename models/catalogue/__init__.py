"""Model files: which are recommended, which are here, how they are fetched, and what fits."""

from models.catalogue.advice import Advice, advise
from models.catalogue.entries import ENTRIES, Entry
from models.catalogue.fetching import FetchFailed, Progress, fetch
from models.catalogue.shelf import Kept, Shelf

__all__ = ["ENTRIES", "Advice", "Entry", "FetchFailed", "Kept", "Progress", "Shelf", "advise", "fetch"]
