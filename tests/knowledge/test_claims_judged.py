"""The verdicts on claims of the example data that were judged, one by one, by reading."""

import json

import pytest

from benchmarks.bench_claims import JUDGED, answers, judged, verdicts


@pytest.mark.slow
@pytest.mark.uncounted
def test_verdicts_that_were_judged_are_given_again_and_right(shared_data):
    wanted = {json.loads(line)["pair"] for line in JUDGED.read_text("utf-8").splitlines()}
    pairs = ((pair, answer) for pair, answer in answers(shared_data / "knowledge") if pair in wanted)
    told = judged(verdicts(pairs)[0])
    assert told["wrong"]["sample"] >= 80
    assert told["right"]["sample"] == 100
    for each in told.values():
        assert each["given_again"] >= 0.95 * each["sample"]
        assert each["precision"] >= 0.95
