"""Programs that a driver starts and ends."""
import subprocess

from drivers.environment import clean_environment
from drivers.waiting import wait_for


def kill(process):
    process.kill()
    process.wait()


def stop(process, seconds=20):
    """Asks it to end. Its exit code; None if it took too long and was killed."""
    process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        kill(process)
        return None


class Server:
    """A program that serves until it is ended. Its environment is clean but for what is given; what it says is added to a
    log, a path."""

    def __init__(self, name, command, log, environment=None, folder=None):
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=clean_environment(environment), cwd=folder)

    def await_start(self, condition, seconds=90):
        """What the condition answers, once it is true. A server of which it does not become true is killed, and its log is
        told."""
        try:
            return wait_for(self.name, lambda: self._answer(condition), seconds)
        except RuntimeError as error:
            self.kill()
            raise RuntimeError(f"{error}\n{self.last_words()}") from None
        except BaseException:
            self.kill()
            raise

    def _answer(self, condition):
        result = condition()
        if not result and self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended with {self.process.returncode}")
        return result

    def last_words(self):
        return self.log.read_text(errors="replace")[-4000:]

    def kill(self):
        kill(self.process)

    def stop(self):
        """The exit code; None if it took too long and was killed."""
        return stop(self.process)


class Job:
    """A shell script under way. Its environment is clean but for what is given."""

    def __init__(self, script, environment, folder):
        self.script = script
        self.process = subprocess.Popen(["sh", "-euc", script], env=clean_environment(environment), cwd=folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self, code=0):
        """What it printed, once it has ended with this code."""
        try:
            out, err = self.process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            kill(self.process)
            raise
        if self.process.returncode != code:
            raise AssertionError(f"{self.script}: exit code {self.process.returncode} instead of {code}\n{out}\n{err}")
        return out
