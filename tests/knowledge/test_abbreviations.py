import re
from pathlib import Path

import numpy as np
import pytest

import knowledge.abbreviations
from knowledge import Field
from knowledge.abbreviations import Abbreviations, packaged_abbreviations
from knowledge.corpus import CorpusInvalid
from tests.knowledge.test_dense import STORE, pair

FEW = Abbreviations(
    {"NVI": "negative volume index", "DeFi": "decentralized finance", "CBDC": "digital currency"}
)


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        ("How do I read the NVI?", "How do I read the negative volume index?"),
        ("how do i read the nvi?", "how do i read the negative volume index?"),
        ("NVI-based DeFi rules", "negative volume index-based decentralized finance rules"),
        ("Is DEFI safe?", "Is decentralized finance safe?"),
        ("Are CBDCs safe?", "Are digital currencies safe?"),
        ("Envious NVIDIA and Nvi", "Envious NVIDIA and Nvi"),
        ("STH-NVI and %NVI and $NVI", "STH-NVI and %NVI and $NVI"),
        ("Negative Volume Index (NVI)", "Negative Volume Index (NVI)"),
        ("", ""),
    ],
)
def test_abbreviations_are_written_out_where_they_are_meant(text, written_out):
    assert FEW.written_out(text) == written_out


def test_nothing_to_write_out_leaves_texts_alone():
    assert Abbreviations({}).written_out("NVI") == "NVI"


def test_writing_out_twice_changes_nothing_more():
    packaged = packaged_abbreviations()
    source = (
        Path(knowledge.abbreviations.__file__).with_name("abbreviations.toml").read_text(encoding="utf-8")
    )
    shorts = re.findall(r"^(\w+) = ", source, re.MULTILINE)
    assert len(shorts) > 100
    for short in shorts:
        once = packaged.written_out(f"What is {short} about?")
        assert once != f"What is {short} about?"
        assert packaged.written_out(once) == once


@pytest.mark.parametrize("broken", ["[crypto", "[crypto]\nNFT = 1", 'NFT = "non-fungible token"'])
def test_table_that_cannot_be_read_is_said(broken, monkeypatch, tmp_path):
    (tmp_path / "abbreviations.toml").write_text(broken, encoding="utf-8")
    monkeypatch.setattr(knowledge.abbreviations, "files", lambda _: tmp_path)
    packaged_abbreviations.cache_clear()
    try:
        with pytest.raises(CorpusInvalid, match=r"abbreviations\.toml"):
            packaged_abbreviations()
    finally:
        packaged_abbreviations.cache_clear()


async def test_question_is_found_by_the_long_form_of_what_it_abbreviates(dense):
    await dense.apply(
        [pair(1, "Rebalancing with NVI", "Sell."), pair(2, "Rebalancing with PVI", "Buy.")], store=STORE
    )
    asked = await dense.encode("rebalancing with the negative volume index")
    assert next(iter(await dense.search(asked[Field.QUESTION], Field.QUESTION))) == "pair_1"


async def test_answers_are_compared_with_both_forms_of_a_query(dense, embedder):
    literal, long = await embedder.embed(["NVI", "negative volume index"])
    asked = await dense.encode("NVI")
    assert asked[Field.QUESTION] == pytest.approx(long)
    assert asked[Field.ANSWER] == pytest.approx((literal + long) / np.linalg.norm(literal + long), abs=1e-6)
    assert np.linalg.norm(asked[Field.ANSWER]) == pytest.approx(1, abs=1e-6)


async def test_long_query_is_embedded_written_out_only(dense, embedder):
    query = f"How do I combine the NVI with {' and '.join(['moving averages of volume'] * 4)}?"
    (long,) = await embedder.embed([packaged_abbreviations().written_out(query)])
    asked = await dense.encode(query)
    assert asked[Field.QUESTION] == pytest.approx(long)
    assert asked[Field.ANSWER] == pytest.approx(long)
