"""Stores that fail in the middle of turns and of consolidation: nothing is lost, and nothing is there twice."""

import pytest

from benchmarks.bench_memory_faults import FAULTS, bench

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


async def test_no_turn_and_no_fact_is_lost_or_doubled_when_a_store_fails():
    async with bench(seed=3) as service:
        for fault in FAULTS:
            found = await service.strike(fault)
            assert found.turns > 0
            assert found.facts > 0
            assert found.wrong == [], fault
