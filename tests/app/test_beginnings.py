"""Word of turns that begin reaches those who listen, for as long as they do."""

from app.beginnings import Beginnings


def test_all_who_listen_hear_of_each_turn_until_they_stop():
    begun = Beginnings()
    first: list[str] = []
    second: list[str] = []
    stop = begun.listen(first.append)
    begun.listen(second.append)
    begun.tell("thr_1")
    stop()
    stop()
    begun.tell("thr_2")
    assert first == ["thr_1"]
    assert second == ["thr_1", "thr_2"]


def test_who_stops_while_it_hears_takes_it_from_nobody_else():
    begun = Beginnings()
    heard: list[str] = []

    def once(thread_id: str) -> None:
        heard.append(thread_id)
        stop()

    stop = begun.listen(once)
    begun.listen(heard.append)
    begun.tell("thr_1")
    begun.tell("thr_2")
    assert sorted(heard) == ["thr_1", "thr_1", "thr_2"]
