"""What users add to the catalogue, over a real store; and that everybody sees it."""

import asyncio
import os
import sys

import pytest

from knowledge import (
    CatalogueEditor,
    CatalogueInvalid,
    CatalogueRefused,
    Catalogues,
    HybridRetriever,
    KnowledgeStore,
    OwnCatalogue,
    OwnTopic,
    RetrievalSettings,
    Topics,
    UnknownTopic,
    read_catalogue,
    write_catalogue,
)
from knowledge.catalogue.current import merged
from knowledge.evaluation.stored import stored_questions
from knowledge.refinery import Refiner, RefineryStore
from tests.knowledge.samples import write_export
from tests.knowledge.test_catalogue import topic

RSI = "relative-strength-index"
HOUSES = OwnTopic(
    slug="house-prices",
    collection="technical",
    name="House Prices (HPX)",
    aliases=("property index",),
    category="Real estate",
    session=50,
)
PAIR = ("What does it say about buyers?", "It says that there are many of them, and that they pay more.")
STATEMENT = "SELECT slug, confidence, mapped_by FROM knowledge_topics WHERE name = %(name)s"


@pytest.fixture
def editor(store: KnowledgeStore) -> CatalogueEditor:
    return CatalogueEditor(store)


@pytest.fixture
def refiner(store, indexer, dense, embedder) -> Refiner:
    return Refiner(RefineryStore(store), indexer, dense, embedder, catalogue=Catalogues(store).current)


async def imported(importer, folder, *names: str, collection: str = "technical") -> None:
    sessions = [(name, [(f"{PAIR[0][:-1]} in {name}?", PAIR[1])]) for name in names]
    file = write_export(folder / f"{collection}-{len(names)}.json", sessions)
    await importer.import_file(file, collection=collection)


async def place_of(store: KnowledgeStore, name: str) -> tuple[str | None, float | None, str | None]:
    rows = await store.rows(STATEMENT, {"name": name})
    (place,) = {tuple(row.values()) for row in rows}
    return place


async def test_topic_of_ones_own_is_counted_and_topics_of_sources_are_placed_on_it(
    editor, refiner, importer, store, tmp_path
):
    await imported(importer, tmp_path, "HPX study", "Metaverse")
    await refiner.run()
    assert (await place_of(store, "HPX study"))[0] is None
    change = await editor.put(HOUSES)
    assert (change.added, change.places_anew) == (("house-prices",), True)
    result = await refiner.run()
    assert (result.placed, result.unplaced) == (2, 1)
    slug, confidence, by = await place_of(store, "HPX study")
    assert (slug, by) == ("house-prices", "rule")
    assert confidence == pytest.approx(0.9)
    report = await Topics(store).gaps(category="real estate")
    assert [(gap.slug, gap.pairs, gap.session) for gap in report.topics] == [("house-prices", 1, 50)]
    (listed,) = await Topics(store).all(session=50)
    assert (listed.known.own, listed.counted.pairs, listed.counted.collection) == (True, 1, "technical")
    detail = await Topics(store).one("house-prices")
    assert [each.name for each in detail.called] == ["HPX study"]
    assert {each.category for each in await stored_questions(store, [])} == {"Real estate", "uncategorised"}


async def test_refinement_after_the_change_does_nothing_more(editor, refiner, importer, tmp_path):
    await imported(importer, tmp_path, "HPX study")
    await editor.put(HOUSES)
    assert (await refiner.run()).placed == 1
    assert (await refiner.run()).placed == 0
    assert not (await editor.put(HOUSES)).places_anew
    assert (await refiner.run()).placed == 0


async def test_alias_of_a_topic_that_ships_is_found_and_taken_back(
    editor, refiner, importer, store, tmp_path
):
    await imported(importer, tmp_path, "Wilderometer study")
    await editor.add_aliases(RSI, ["Wilderometer"])
    await refiner.run()
    assert (await place_of(store, "Wilderometer study"))[0] == RSI
    (known,) = [each for each in await Catalogues(store).topics() if each.topic.slug == RSI]
    assert (known.own, known.added) == (False, ("Wilderometer",))
    assert "Wilderometer" in known.topic.aliases
    assert (await editor.remove_aliases(RSI, ["wilderometer"])).removed == (RSI,)
    await refiner.run()
    assert (await place_of(store, "Wilderometer study"))[0] is None
    with pytest.raises(CatalogueRefused, match="'Wilderometer' is no alias that was added"):
        await editor.remove_aliases(RSI, ["Wilderometer"])


async def test_name_said_by_hand_moves_at_once_in_every_collection_and_stays(
    editor, refiner, importer, store, tmp_path
):
    await imported(importer, tmp_path, "Batch 7", "RSI")
    await imported(importer, tmp_path, "Batch 7", collection="fundamentals")
    await refiner.run()
    assert (await editor.map("batch-7", RSI)).topics == 2
    assert await place_of(store, "Batch 7") == (RSI, 1.0, "hand")
    assert (await editor.map("RSI", None)).topics == 1
    assert await place_of(store, "RSI") == (None, 1.0, "hand")
    await refiner.run(topics_again=True)
    assert await place_of(store, "Batch 7") == (RSI, 1.0, "hand")
    assert await place_of(store, "RSI") == (None, 1.0, "hand")
    (unplaced,) = (await Topics(store).gaps()).unplaced
    assert (unplaced.topic, unplaced.mapped_by) == ("RSI", "hand")
    assert (await editor.unmap("RSI")).places_anew
    await refiner.run()
    assert await place_of(store, "RSI") == (RSI, 1.0, "rule")


async def test_name_that_no_source_uses_yet_is_placed_when_it_comes(
    editor, refiner, importer, store, tmp_path
):
    assert (await editor.map("Batch 7", RSI)).topics == 0
    await imported(importer, tmp_path, "Batch 7")
    await refiner.run()
    assert await place_of(store, "Batch 7") == (RSI, 1.0, "hand")


async def test_what_is_said_by_hand_during_a_refinement_stands(
    editor, importer, indexer, dense, embedder, store, tmp_path
):
    await imported(importer, tmp_path, "Batch 7")
    catalogues, before = Catalogues(store), []

    async def changed_between():
        before.append(await catalogues.current())
        if len(before) == 1:
            await editor.map("Batch 7", RSI)
        return before[-1]

    await Refiner(RefineryStore(store), indexer, dense, embedder, catalogue=changed_between).run()
    assert len(before) == 2
    assert await place_of(store, "Batch 7") == (RSI, 1.0, "hand")


async def test_removed_topic_lets_go_of_what_was_placed_on_it(editor, refiner, importer, store, tmp_path):
    await imported(importer, tmp_path, "HPX study", "Batch 7")
    await editor.put(HOUSES)
    await editor.map("Batch 7", "house-prices")
    await refiner.run()
    change = await editor.remove("house-prices")
    assert (change.removed, change.unmapped, change.topics) == (("house-prices",), 1, 2)
    assert await place_of(store, "HPX study") == await place_of(store, "Batch 7") == (None, None, None)
    assert await Catalogues(store).own() == OwnCatalogue()
    with pytest.raises(UnknownTopic):
        await editor.remove("house-prices")
    with pytest.raises(CatalogueRefused, match="ships with Freya"):
        await editor.remove(RSI)


@pytest.mark.uncounted
async def test_slug_that_a_source_says_is_kept_beside_what_is_said_by_hand(editor, refiner, importer, store):
    await importer.load_starter()
    (before,) = await store.rows(
        "SELECT name, told FROM knowledge_topics WHERE slug = %(slug)s", {"slug": RSI}
    )
    name = before["name"]
    await editor.map(name, None)
    await importer.load_starter()
    assert await place_of(store, name) == (None, 1.0, "hand")
    await editor.unmap(name)
    # To measure every pair that ships takes a minute, and shows nothing of this one's topic.
    await store.write(
        "DELETE FROM knowledge_pairs AS pair USING knowledge_topics AS topic "
        "WHERE topic.id = pair.topic_id AND topic.name <> %(name)s",
        {"name": name},
    )
    await refiner.run()
    assert await place_of(store, name) == (RSI, 1.0, "rule")


def test_topic_that_ships_later_under_a_taken_slug_keeps_the_names_that_were_added():
    shipped = topic("house-prices", "Prices of Houses", "HP")
    (known,) = merged({"fundamentals": [shipped]}, OwnCatalogue(topics=(HOUSES,)))
    assert (known.own, known.collection, known.topic.name) == (False, "fundamentals", "Prices of Houses")
    assert known.topic.aliases == ("HP", "House Prices (HPX)", "property index")
    assert merged({}, OwnCatalogue(topics=(OwnTopic(slug="gone", aliases=("went",)),))) == []


async def test_other_processes_see_a_change_within_seconds(editor, pool):
    elsewhere, lately = Catalogues(KnowledgeStore(pool)), Catalogues(KnowledgeStore(pool), again_s=0)
    before = await elsewhere.recent()
    assert before.named_in("the property index rose") == []
    await lately.recent()
    await editor.put(HOUSES)
    assert (await lately.recent()).named_in("the property index rose") == ["house-prices"]
    assert await elsewhere.recent() is before
    assert (await elsewhere.current()).named_in("HPX rose") == ["house-prices"]
    assert await elsewhere.current() is await elsewhere.recent()


OTHER_PROCESS = """
import asyncio, sys
from app.database import open_pool
from knowledge import CatalogueEditor, KnowledgeStore

async def main():
    pool = await open_pool(sys.argv[1], min_size=1, max_size=1)
    await CatalogueEditor(KnowledgeStore(pool)).add_aliases("relative-strength-index", ["Wilderometer"])
    await pool.close()

asyncio.run(main())
"""


async def test_change_by_another_process_is_seen(store, database_url):
    here = Catalogues(store, again_s=0)
    assert (await here.recent()).named_in("The Wilderometer rose") == []
    path = os.pathsep.join(sys.path)
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER_PROCESS, database_url, env={**os.environ, "PYTHONPATH": path}
    )
    async with asyncio.timeout(60):
        assert await made.wait() == 0
    assert (await here.recent()).named_in("The Wilderometer rose") == [RSI]


async def test_search_prefers_pairs_on_a_topic_once_it_is_in_the_catalogue(
    editor, importer, indexer, store, dense, lexical, tmp_path
):
    pairs = [("What do rents tell?", "Rents tell of demand."), ("What does the HPX tell?", "Not much.")]
    await importer.import_file(write_export(tmp_path / "a.json", [("T", pairs)]))
    await indexer.catch_up()
    strong = RetrievalSettings(topic_bonus=50.0, floor=0, words_none=1.0)
    retriever = HybridRetriever(store, dense, lexical, strong, catalogue=Catalogues(store).current)
    query = "property index: what do rents tell?"
    assert (await retriever.search(query))[0].question == "What do rents tell?"
    await editor.put(HOUSES)
    assert (await retriever.search(query))[0].question == "What does the HPX tell?"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"slug": RSI}, "relative-strength-index ships with Freya: add aliases to it"),
        ({"name": "RSI"}, "'RSI' means relative-strength-index already"),
        ({"name": "Houses (RSI)"}, "'RSI' means relative-strength-index already"),
        ({"aliases": ("relative-strength index",)}, "means relative-strength-index already"),
        ({"aliases": ("property-index",)}, "means house-prices already"),
    ],
)
async def test_name_means_one_topic_only(editor, store, fields, said):
    await editor.put(HOUSES)
    fresh = OwnTopic(slug="rents", collection="technical", name="Rents", category="Real estate")
    with pytest.raises(CatalogueRefused, match=said):
        await editor.put(OwnTopic.model_validate({**fresh.model_dump(), **fields}))
    assert (await Catalogues(store).own()).topics == (HOUSES,)


async def test_two_who_take_the_same_name_at_once_cannot_both_have_it(editor):
    fresh = [
        OwnTopic(slug=slug, collection="technical", name="Rents", category="Real estate")
        for slug in ("rents", "rents-too")
    ]
    results = await asyncio.gather(*(editor.put(each) for each in fresh), return_exceptions=True)
    assert sorted(type(each).__name__ for each in results) == ["CatalogueRefused", "Change"]


async def test_what_is_there_is_replaced_only_when_that_is_said(editor, store):
    await editor.put(HOUSES, replace=False)
    other = HOUSES.model_copy(update={"aliases": ()})
    with pytest.raises(CatalogueRefused, match="house-prices was added before"):
        await editor.put(other, replace=False)
    assert (await editor.put(other)).changed == ("house-prices",)
    assert (await Catalogues(store).own()).topics == (other,)


@pytest.mark.parametrize(
    ("slug", "said"),
    [("rsi", "did you mean 'relative-strength-index'"), ("no-such-thing", "lists them")],
)
async def test_unknown_topic_is_named(editor, slug, said):
    with pytest.raises(UnknownTopic, match=said):
        await editor.map("Batch 7", slug)
    with pytest.raises(UnknownTopic, match=said):
        await editor.add_aliases(slug, ["Wilderometer"])
    with pytest.raises(UnknownTopic, match=said):
        await editor.remove(slug)


@pytest.mark.parametrize("name", ["", " ", "x" * 1001, "a\0b", "a\nb", "\ud800"])
async def test_name_that_nothing_can_have_is_refused(editor, name):
    with pytest.raises(CatalogueInvalid):
        await editor.map(name, RSI)


@pytest.mark.parametrize("alias", ["", "x", "??", "x" * 401, "a\0b", "a\tb", "\ud800"])
async def test_alias_that_nothing_can_have_is_refused(editor, alias):
    with pytest.raises(CatalogueInvalid):
        await editor.add_aliases(RSI, [alias])


async def test_nothing_to_take_back_is_said(editor):
    with pytest.raises(CatalogueRefused, match="nothing was said by hand of 'Batch 7'"):
        await editor.unmap("Batch 7")


async def test_all_that_was_added_is_carried_over_as_toml(editor, store):
    await editor.put(HOUSES)
    await editor.add_aliases(RSI, ['Wilder\'s "meter" \\ é'])
    await editor.map("Batch 7: [old]", "house-prices")
    await editor.map("Houses", None)
    own = await Catalogues(store).own()
    text = write_catalogue(own)
    for slug in ("house-prices", RSI):
        await editor.remove(slug)
    await editor.unmap("Houses")
    assert await Catalogues(store).own() == OwnCatalogue()
    change = await editor.take_in(read_catalogue(text.encode(), "own.toml", collection="sofia"))
    assert (len(change.added), change.mapped) == (2, 2)
    again = await Catalogues(store).own()
    assert again == own
    assert write_catalogue(again) == text
    assert not (await editor.take_in(own)).places_anew


async def test_file_is_taken_in_whole_or_not_at_all(editor, store):
    text = """
    [[topics]]
    slug = "rents"
    name = "Rents"
    category = "Real estate"

    [[mappings]]
    name = "Batch 7"
    slug = "no-such-topic"
    """
    with pytest.raises(UnknownTopic):
        await editor.take_in(read_catalogue(text.encode(), "own.toml", collection="technical"))
    assert await Catalogues(store).own() == OwnCatalogue()


TOPIC = b'[[topics]]\nslug = "rents"\nname = "Rents"\ncategory = "Real estate"\n'


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"own.toml holds no \[\[topics\]\]"),
        (TOPIC.decode().encode("utf-16"), "not in UTF-8"),
        (TOPIC + b'aliases = ["caf\xe9"]', "not in UTF-8 .byte 82"),
        (b"[[topics]", "is not TOML"),
        (b"a = " + b"[" * 5000, "is not TOML"),
        (b"topics = 5", "topics: "),
        (b"topics = [5]", "topics.0: "),
        (b'[[topics]]\nslug = "rents"', "topics.0: nothing is added"),
        (b'[[topics]]\nslug = "Rents!"\naliases = ["lets"]', "topics.0.slug"),
        (b'[[topics]]\nslug = "rents"\nname = "Rents"', "topics.0: a topic of one's own needs a category"),
        (TOPIC + b'colour = "red"', "topics.0.colour: Extra inputs"),
        (TOPIC + b"session = 0", "topics.0.session"),
        (TOPIC + b'aliases = ["a\\u0000b"]', "cannot be printed"),
        (TOPIC + b'collection = "No Name"', "topics.0.collection"),
        (TOPIC + b'[[topics.pairs]]\nquestion = "Short?"', "topic rents has pairs"),
        (b'[[mappings]]\nslug = "rents"', "mappings.0.name: Field required"),
        (b"x" * (16 * 1024 * 1024 + 1), "16 MiB"),
    ],
)
def test_file_that_is_not_as_it_should_be_is_refused_with_its_place(content, said):
    with pytest.raises(CatalogueInvalid, match=said):
        read_catalogue(content, "own.toml", collection="technical")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOPIC.decode() * 2, "the slug 'rents' stands there twice"),
        ('[[mappings]]\nname = "Old"\n[[mappings]]\nname = "old!"', "the name 'old' stands there twice"),
        (TOPIC.decode() + TOPIC.decode().replace('"rents"', '"lets"'), "'Rents' means"),
    ],
)
async def test_file_that_says_a_thing_twice_is_refused(editor, text, said):
    with pytest.raises((CatalogueInvalid, CatalogueRefused), match=said):
        await editor.take_in(read_catalogue(text.encode(), "own.toml", collection="technical"))


def test_file_with_a_byte_order_mark_and_no_collection_is_read():
    (topic,) = read_catalogue(b"\xef\xbb\xbf" + TOPIC, "own.toml", collection="sofia").topics
    assert (topic.slug, topic.collection) == ("rents", "sofia")
