"""Many entries at once, each under the caller's settings."""

import threading
import time

import dspy

from kit.batch.entries import Threads, key_of


class Waiting(dspy.Module):
    """Notes how many are in it at once, and under which settings."""

    def __init__(self):
        self.lock = threading.Lock()
        self.now = self.peak = self.begun = 0
        self.settings = set()

    def forward(self, number):
        with self.lock:
            self.now += 1
            self.begun += 1
            self.peak = max(self.peak, self.now)
            self.settings.add(dspy.settings.mark)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return dspy.Prediction(double=2 * number)


def gather(threads):
    outcomes = []
    while threads.asked:
        outcomes += threads.outcomes()
    return outcomes


def test_calls_in_flight_are_bounded():
    """As many at once as asked for, no more; each entry has one outcome, under its own key."""
    program = Waiting()
    threads = Threads(program, 4)
    with dspy.context(mark="mine"):
        for number in range(20):
            threads.ask(key_of({"number": number}), {"number": number})
    outcomes = gather(threads)
    threads.stop()
    assert 1 < program.peak <= 4
    assert {outcome.key: outcome.outputs for outcome in outcomes} == {
        key_of({"number": number}): b'{"double":%d}' % (2 * number) for number in range(20)
    }


def test_the_callers_context_is_kept():
    """What plain thread pools lose, `dspy.context`, holds inside each call."""
    program = Waiting()
    threads = Threads(program, 2)
    with dspy.context(mark="here"):
        threads.ask(b"key", {"number": 1})
    gather(threads)
    threads.stop()
    assert program.settings == {"here"}


def test_stopping_drops_what_has_not_begun():
    """What was in flight still has its outcome; the rest was never asked."""
    program = Waiting()
    threads = Threads(program, 2)
    with dspy.context(mark="mine"):
        for number in range(20):
            threads.ask(b"%d" % number, {"number": number})
    time.sleep(0.01)
    threads.stop()
    assert len(gather(threads)) == program.begun <= 4


def test_waiting_ends_by_itself():
    """With nothing done there is an empty list after a moment, so that Ctrl-C is noticed."""
    started = time.monotonic()
    assert Threads(Waiting(), 1).outcomes() == []
    assert time.monotonic() - started < 5
