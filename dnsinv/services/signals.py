"""Stopping on the signals of a terminal, a service manager or a container."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT, SIGTERM and SIGHUP set; main thread only.

    A second signal meets Python's own handling again: it ends the program at once, and the guardian
    then ends the services. SIGHUP stays ignored under nohup.
    """
    stopping = threading.Event()
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def restore() -> None:
        for number in numbers:
            own = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, before[number] or own)

    def stop(*_: object) -> None:
        restore()
        # Not stopping.set() itself: the main thread may hold the event's lock in stopping.wait().
        threading.Thread(target=stopping.set, name="stopping").start()

    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield stopping
    finally:
        restore()
