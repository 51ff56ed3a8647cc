"""Advice by memory."""

from models.catalogue import ENTRIES, advise
from models.residency import Memory

GB = 1 << 30


def best(free: Memory) -> tuple[str, int | None] | None:
    return next(((one.entry.name, one.context) for one in advise(free, ENTRIES) if one.best), None)


def test_largest_model_with_room_for_a_conversation_is_advised():
    assert best(Memory(1 * GB)) is None
    assert best(Memory(6 * GB)) == ("qwen3-4b", 8_192)
    assert best(Memory(12 * GB)) == ("qwen3-14b", 8_192)
    assert best(Memory(64 * GB)) == ("qwen3-30b-a3b", 32_768)


def test_memory_of_a_gpu_counts_where_there_is_one():
    assert best(Memory(64 * GB, 6 * GB)) == best(Memory(6 * GB))


def test_entries_are_in_order_and_their_addresses_whole():
    sizes = [entry.gigabytes for entry in ENTRIES]
    assert sizes == sorted(sizes)
    for entry in ENTRIES:
        assert entry.url.startswith("https://huggingface.co/")
        assert entry.url.endswith(".gguf")
