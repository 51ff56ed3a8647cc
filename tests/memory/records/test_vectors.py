"""Vectors in Chroma belong to one user."""

import numpy as np
import pytest

from app.memory_vectors import ChromaVectors, _only
from knowledge import Chroma
from memory import MemoryUnavailable, Owner, OwnerInvalid, VectorStore


async def put(vectors, embedder, owner, **texts):
    await vectors.put(owner, list(texts), await embedder.embed(list(texts.values())))


async def test_fulfils_the_protocol(vectors):
    assert isinstance(vectors, VectorStore)


async def test_before_anything_is_put_there_is_nothing(tmp_path, embedder, owner):
    empty = ChromaVectors(Chroma(tmp_path), embedder)
    (vector,) = await embedder.embed(["tea"])
    assert await empty.nearest(owner, vector, limit=5) == {}
    assert await empty.ids(owner) == []
    await empty.remove(owner, ["rec_1"])
    assert await empty.erase(owner) == 0
    await empty.close()


async def test_nearest_come_first_with_their_cosines(vectors, embedder, owner):
    await put(vectors, embedder, owner, a="green tea", b="chess board", c="green tea leaves")
    texts = await embedder.embed(["green tea", "green tea leaves"])
    found = await vectors.nearest(owner, texts[0], limit=2)
    assert list(found) == ["a", "c"]
    assert found["a"] == pytest.approx(1, abs=1e-5)
    assert found["c"] == pytest.approx(float(texts[0] @ texts[1]), abs=1e-5)


async def test_a_vector_is_replaced_by_one_of_the_same_id(vectors, embedder, owner):
    await put(vectors, embedder, owner, a="green tea")
    await put(vectors, embedder, owner, a="chess board")
    (vector,) = await embedder.embed(["chess board"])
    assert await vectors.nearest(owner, vector, limit=5) == {"a": pytest.approx(1, abs=1e-5)}


async def test_one_users_vectors_are_out_of_anothers_reach(vectors, embedder, owner, other):
    await put(vectors, embedder, owner, same="green tea", mine="green tea")
    await put(vectors, embedder, other, same="chess board")
    (tea,) = await embedder.embed(["green tea"])
    assert list(await vectors.nearest(other, tea, limit=50)) == ["same"]
    await vectors.remove(other, ["mine", f"{owner}/mine", f"../{owner.user_id}/mine"])
    assert await vectors.erase(other) == 1
    assert sorted(await vectors.ids(owner)) == ["mine", "same"]
    assert (await vectors.nearest(owner, tea, limit=50))["same"] == pytest.approx(1, abs=1e-5)


async def test_the_same_user_of_another_tenant_is_another(vectors, embedder, owner):
    await put(vectors, embedder, owner, a="green tea")
    (tea,) = await embedder.embed(["green tea"])
    twin = Owner(owner.user_id, "elsewhere")
    assert await vectors.nearest(twin, tea, limit=5) == {}
    assert await vectors.ids(twin) == []


@pytest.mark.parametrize("name", ['{"$ne": ""}', "a/b", "*", "", "ana\n", "$or"])
def test_no_name_can_be_a_filter(name):
    with pytest.raises(OwnerInvalid):
        Owner(name)


async def test_what_passes_the_filter_is_checked_again(vectors, chroma, embedder, owner, other):
    await put(vectors, embedder, owner, a="green tea")
    (tea,) = await embedder.embed(["green tea"])

    def forge() -> None:
        with chroma.writing():
            chroma.made(vectors._name).upsert(
                ids=[f"{other}/forged"],
                embeddings=[tea],
                metadatas=[{"tenant": owner.tenant_id, "user": owner.user_id}],
            )

    await chroma.thread(forge)
    assert list(await vectors.nearest(owner, tea, limit=5)) == ["a"]
    assert await vectors.ids(owner) == ["a"]
    assert _only(owner)["$and"][1] == {"user": {"$eq": owner.user_id}}


async def test_erasing_reaches_the_vectors_of_every_model(vectors, chroma, embedder, owner):
    class Other:
        name = "another"
        dimensions = 48
        embed = embedder.embed

    before = ChromaVectors(chroma, Other())
    await put(before, embedder, owner, a="green tea")
    await put(vectors, embedder, owner, b="green tea")
    assert await vectors.found(owner) == 2
    assert await vectors.erase(owner) == 2
    assert await vectors.found(owner) == 0
    assert await before.ids(owner) == []


async def test_many_vectors_go_in_and_out(vectors, owner):
    rows = np.random.default_rng(1).standard_normal((1100, 48)).astype(np.float32)
    await vectors.put(owner, [f"rec_{row}" for row in range(1100)], rows)
    assert len(await vectors.ids(owner)) == 1100
    await vectors.remove(owner, [f"rec_{row}" for row in range(1050)])
    assert await vectors.erase(owner) == 50


async def test_a_server_that_is_away_is_an_outage(tmp_path, embedder, owner):
    away = ChromaVectors(Chroma(tmp_path, "http://127.0.0.1:9"), embedder)
    (tea,) = await embedder.embed(["tea"])
    for attempt in (
        away.put(owner, ["a"], tea.reshape(1, -1)),
        away.nearest(owner, tea, limit=1),
        away.remove(owner, ["a"]),
        away.erase(owner),
        away.ids(owner),
    ):
        with pytest.raises(MemoryUnavailable, match=r"127\.0\.0\.1:9"):
            await attempt
    await away.close()
