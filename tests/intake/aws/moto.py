"""moto: SQS, Step Functions, STS and EventBridge, its interpreter of state machines switched on.

    python3 moto.py CACHE FOLDER      installs it into CACHE, starts it, says its endpoint, and serves until it is ended
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request

from cloud import REGION, Cloud
from install import SKIPPED, install
from waiting import free_port, wait_for

PACKAGE = "moto[server,sqs,stepfunctions]==5.2.5"


def install_moto(folder):
    """The command that starts it."""
    return [str(install(folder, sys.executable, [PACKAGE]) / "moto_server")]


class Moto(Cloud):
    tells_causes, says_of_ended = False, "InvalidToken"

    def __init__(self, command, folder):
        self.python = pathlib.Path(command[0]).parent / "python"
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.log = open(folder / "moto.log", "wb")
        # What its state machines call is itself.
        environment = {**os.environ, "MOTO_PORT": str(port)}
        self.process = subprocess.Popen([*command, "-H", "127.0.0.1", "-p", str(port)], stdout=self.log,
                                        stderr=self.log, env=environment)
        try:
            wait_for("moto", self._is_up)
            self._post("/moto-api/config", {"stepfunctions": {"execute_state_machine": True}})
        except BaseException:
            self.stop()
            raise

    def _post(self, path, body):
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).read()

    def key_of(self, role):
        """The key of a session of a role: it says whose account it is."""
        form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": "tests"}
        request = urllib.request.Request(self.endpoint, urllib.parse.urlencode(form).encode(), headers={
            "Host": f"sts.{REGION}.amazonaws.com", "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/"
            "sts/aws4_request, SignedHeaders=host, Signature=0"})
        with urllib.request.urlopen(request, timeout=30) as response:
            return re.search("<AccessKeyId>(.*)</AccessKeyId>", response.read().decode())[1]

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"moto ended with {self.process.returncode}")
        try:
            urllib.request.urlopen(self.endpoint + "/moto-api/", timeout=5).read()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


def main():
    cache, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    try:
        command = install_moto(cache)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"moto cannot be installed: {error}", file=sys.stderr)
        return SKIPPED
    moto = Moto(command, folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        print(moto.endpoint, flush=True)
        return moto.process.wait()
    finally:
        moto.stop()


if __name__ == "__main__":
    sys.exit(main())
