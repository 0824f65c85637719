"""Signals that stop a worker."""

import os
import signal
import time

import pytest

from vsearch.worker.interrupts import STOP_SIGNALS, Interrupts, Stopped


def send_and_wait(number: int) -> None:
    """What a worker does while the signal comes: something long."""
    os.kill(os.getpid(), number)
    time.sleep(5)


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_a_signal_breaks_off_what_may_be_broken_off(number: int) -> None:
    with Interrupts.installed() as interrupts:
        with pytest.raises(Stopped), interrupts.breakable():
            send_and_wait(number)
        assert interrupts.received == number


def test_elsewhere_a_signal_is_noted_and_breaks_off_the_next_breakable_part() -> None:
    with Interrupts.installed() as interrupts:
        os.kill(os.getpid(), signal.SIGTERM)
        assert interrupts.received == signal.SIGTERM
        with pytest.raises(Stopped), interrupts.breakable():
            pytest.fail("begun after the signal")


def test_a_second_signal_does_not_disturb_the_way_out() -> None:
    """Between the first signal and the end the trial is written and put back."""
    with Interrupts.installed() as interrupts:
        with pytest.raises(Stopped), interrupts.breakable():
            send_and_wait(signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_the_former_handlers_come_back() -> None:
    former = [signal.getsignal(number) for number in STOP_SIGNALS]
    with Interrupts.installed():
        assert [signal.getsignal(number) for number in STOP_SIGNALS] != former
    assert [signal.getsignal(number) for number in STOP_SIGNALS] == former


def test_a_parent_that_is_gone_asks_to_stop_before_the_next_epoch() -> None:
    is_there = True
    interrupts = Interrupts(lambda: is_there)
    with interrupts.breakable():
        is_there = False
    with pytest.raises(Stopped), interrupts.breakable():
        pytest.fail("entered")
    assert interrupts.received == signal.SIGTERM


def test_asking_to_stop_keeps_the_first_signal() -> None:
    interrupts = Interrupts()
    interrupts.stop(signal.SIGINT)
    interrupts.stop()
    assert interrupts.received == signal.SIGINT
