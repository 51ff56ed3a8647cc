import pytest

from agents.rebecca.naming import identifier, listed, pascal, plural, singular, snake, with_article
from agents.rebecca.reading import read


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("client", "clients"), ("nail technician", "nail technicians"), ("dish", "dishes"), ("box", "boxes"),
        ("delivery", "deliveries"), ("day", "days"), ("person", "people"), ("child", "children"), ("class", "classes"),
        ("staff", "staff"), ("diagnosis", "diagnoses"), ("shelf", "shelves"), ("bus", "buses"), ("match", "matches"),
    ],
)  # fmt: skip
def test_plural_and_singular_are_inverse(one, many):
    assert plural(one) == many
    assert singular(many) == one
    assert plural(many) == many or one == many or many.endswith(("xes", "sses", "ches", "shes"))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("order", "order_entry"), ("SELECT", "select_entry"), ("id", "id_entry"), ("Nail Technician", "nail_technician"),
        ("café crème", "cafe_creme"), ("маникюр", "item"), ("1st floor", "n1st_floor"), ("x'; DROP TABLE y;--", "x_drop_table_y"),
        ("💅", "item"), ("", "item"),
    ],
)  # fmt: skip
def test_identifiers_are_safe(words, name):
    assert identifier(words) == name


def test_identifiers_are_short():
    assert len(identifier("word " * 100)) <= 40
    assert len(snake("9" * 200)) <= 40


def test_words_are_joined_as_in_prose():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert [with_article(noun) for noun in ("hour", "user", "event", "staff", "unit")] == [
        "an hour", "a user", "an event", "staff", "a unit",
    ]  # fmt: skip
    assert pascal("order_line") == "OrderLine"


def test_reading_finds_business_people_and_deeds():
    found = read("I run an escape room. Guests should book rooms, buy vouchers and leave reviews")
    assert found.business == "escape room"
    assert [(deed.subject, deed.verb, deed.noun) for deed in found.deeds[1:]] == [
        ("guest", "book", "room"),
        (None, "buy", "voucher"),
        (None, "leave", "review"),
    ]


def test_noun_that_could_be_a_verb_stays_a_noun_in_a_list():
    found = read("A workshop that manages orders, visits and repairs")
    assert [deed.noun for deed in found.deeds] == ["order", "visit", "repair"]
