"""Text is told when it is certain, and not before."""

from hypothesis import given
from hypothesis import strategies as st

from models.resident.text import TextStream
from tests.models.resident.conftest import OpenEngine
from tests.models.resident.streams import complete


def test_character_is_told_when_its_last_byte_came():
    stream = TextStream()
    assert [stream.push(bytes([byte])) for byte in "é👋".encode()] == ["", "é", "", "", "", "👋"]


def test_incomplete_character_at_the_end_is_replaced():
    stream = TextStream()
    assert stream.push("👋".encode()[:2]) == ""
    assert stream.flush() == "\ufffd"


def test_beginning_of_a_stop_text_is_held_back_until_it_is_none():
    stream = TextStream(["###"])
    assert stream.push(b"a#") == "a"
    assert stream.push(b"#") == ""
    assert stream.push(b"b") == "##b"
    assert stream.push(b"#") == ""
    assert stream.flush() == "#"


@given(st.text("ab#é", max_size=30), st.lists(st.text("ab#é", min_size=1, max_size=4), max_size=3), st.data())
def test_text_ends_before_the_first_stop_text_wherever_pieces_fall(
    text: str, stops: list[str], data: st.DataObject
):
    raw = text.encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    stream = TextStream(stops)
    told = ""
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        told += stream.push(raw[start:end])
        if stream.stopped is not None:
            break
    else:
        told += stream.flush()
    met = [place + len(stop) for stop in stops if (place := text.find(stop)) >= 0]
    if not met:
        assert told == text
    else:
        assert stream.stopped in stops
        assert text.startswith(told + str(stream.stopped))
        assert not any(stop in told for stop in stops)


async def test_stop_text_over_several_tokens_ends_the_completion(open_engine: OpenEngine):
    engine = await open_engine()
    whole = await complete(engine, "abc", max_tokens=40, ignore_end=True)
    stop = whole.text[5:9]
    cut = await complete(engine, "abc", max_tokens=40, ignore_end=True, stop=("never there", stop))
    assert cut.finish.stop == stop
    assert cut.text == whole.text[: whole.text.index(stop)]


async def test_control_tokens_are_told_only_when_asked_for(open_engine: OpenEngine):
    from models.resident import Sampling

    engine = await open_engine()
    (start,) = engine.tokenize("<|im_start|>")
    always = Sampling(temperature=0, logit_bias={start: 1000.0})
    silent = await complete(engine, "abc", max_tokens=2, sampling=always)
    told = await complete(engine, "abc", max_tokens=2, sampling=always, special_text=True)
    assert silent.text == ""
    assert told.text == "<|im_start|><|im_start|>"
