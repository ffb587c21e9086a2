"""What is waited for, and what must be so."""
import time


def wait_for(what, condition, seconds=90):
    """What the condition answers, once it is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise RuntimeError(f"waited {seconds} s for {what}")


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def check_equal(found, expected, what):
    check(found == expected, f"{what}: {found!r} instead of {expected!r}")
