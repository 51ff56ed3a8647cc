"""The catalogue of topics: what ships and what users add, and how names are found in it."""

from knowledge.catalogue.current import (
    Catalogues,
    KnownTopic,
    UnknownTopic,
    by_collection,
    found_among,
)
from knowledge.catalogue.difference import CatalogueRefused
from knowledge.catalogue.editing import CatalogueEditor, Change
from knowledge.catalogue.finder import Catalogue, Placement, packaged_catalogue
from knowledge.catalogue.own import (
    CatalogueInvalid,
    Mapped,
    OwnCatalogue,
    OwnTopic,
    TopicFields,
    checked_entry,
    read_catalogue,
    write_catalogue,
)

__all__ = [
    "Catalogue",
    "CatalogueEditor",
    "CatalogueInvalid",
    "CatalogueRefused",
    "Catalogues",
    "Change",
    "KnownTopic",
    "Mapped",
    "OwnCatalogue",
    "OwnTopic",
    "Placement",
    "TopicFields",
    "UnknownTopic",
    "by_collection",
    "checked_entry",
    "found_among",
    "packaged_catalogue",
    "read_catalogue",
    "write_catalogue",
]
