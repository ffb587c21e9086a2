"""moto: SQS, Step Functions, STS and EventBridge, its interpreter of state machines switched on.

    python3 -m drivers.moto CACHE FOLDER      installs it into CACHE, starts it, says its endpoint, serves until it is ended
"""
import json
import pathlib
import re
import signal
import sys
import urllib.parse
import urllib.request

from drivers import packages
from drivers.cloud import REGION, Cloud
from drivers.loopback import free_port, open_url
from drivers.processes import Server


def install_moto(folder):
    """The command that starts it."""
    return [str(packages.install_python(folder, [packages.MOTO, packages.BOTO3]) / "moto_server")]


class Moto(Cloud):
    """Runs until stop(); its log is in the folder."""

    tells_causes, says_of_ended = False, "InvalidToken"

    def __init__(self, command, folder):
        self.python = pathlib.Path(command[0]).parent / "python"
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        # What its state machines call is itself.
        self.server = Server("moto", [*command, "-H", "127.0.0.1", "-p", port], folder / "moto.log",
                             {"MOTO_PORT": str(port)})
        self.server.await_start(self._switches_interpreter_on)

    def _switches_interpreter_on(self):
        body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
        request = urllib.request.Request(self.endpoint + "/moto-api/config", body,
                                         headers={"Content-Type": "application/json"})
        try:
            open_url(request, timeout=10).read()
            return True
        except OSError:  # it does not listen yet
            return False

    def key_of(self, role):
        """The key of a session of a role: it says whose account it is."""
        form = {"Action": "AssumeRole", "Version": "2011-06-15", "RoleArn": role, "RoleSessionName": "tests"}
        request = urllib.request.Request(self.endpoint, urllib.parse.urlencode(form).encode(), headers={
            "Host": f"sts.{REGION}.amazonaws.com", "Authorization": f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/"
            "sts/aws4_request, SignedHeaders=host, Signature=0"})
        with open_url(request) as response:
            return re.search("<AccessKeyId>(.*)</AccessKeyId>", response.read().decode())[1]

    def stop(self):
        self.server.stop()


def main():
    cache, folder = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    command = packages.or_skip("moto", install_moto, cache)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    moto = Moto(command, folder)
    try:
        print(moto.endpoint, flush=True)
        return moto.server.process.wait()
    finally:
        moto.stop()


if __name__ == "__main__":
    sys.exit(main())
