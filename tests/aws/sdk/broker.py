"""A running broker, and the REST calls that make tasks of which facts hold."""
import json
import os
import pathlib
import subprocess
import time
import urllib.request

import far_side
from steps import KEY, SECRET

API_KEY = "the-key-of-the-tests-issuer"
CONFIG = """auth:
  mode: keys
  keys:
    - id: tests
      sha256: {digest}
      namespaces: {{"*": [issue, resolve, read, administer]}}
  aws_keys:
    - access_key_id: {key}
      secret_variable: SDK_TESTS_SECRET
      namespaces: {{sdk: [resolve]}}
"""
RELAY = """forwarding:
  proxy_target: engine
targets:
  engine:
    kind: step_functions
    region: us-east-1
    endpoint: {endpoint}
"""


class Broker:
    """Runs until stop(). Brokers of one `keys` file take each other's tokens for well made. With `relay_to`, an endpoint,
    calls for tokens that it does not know are passed on."""

    def __init__(self, binaries, folder, keys, relay_to=""):
        import hashlib
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True)
        config = self.folder / "config.yaml"
        config.write_text(CONFIG.format(digest=hashlib.sha256(API_KEY.encode()).hexdigest(), key=KEY) +
                          (RELAY.format(endpoint=relay_to) if relay_to else ""))
        self.ports = self.folder / "ports.json"
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen(
            [str(pathlib.Path(binaries) / "tokenbroker"), "dev", "--config", str(config), "--data",
             str(self.folder / "data"), "--tokens-key-file", str(keys), "--grpc-listen", "127.0.0.1:0", "--http-listen",
             "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--ports-file", str(self.ports)],
            stdout=self.log, stderr=self.log, env={
                **os.environ, "SDK_TESTS_SECRET": SECRET, "AWS_ACCESS_KEY_ID": far_side.BROKER_KEY,
                "AWS_SECRET_ACCESS_KEY": "the-broker's-own"})
        self._await_ports()

    def _await_ports(self):
        for _ in range(600):
            if self.ports.exists() and self.ports.stat().st_size > 0:
                port = json.loads(self.ports.read_text())["http"]
                self.endpoint = f"http://127.0.0.1:{port}"
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        self.stop()
        raise RuntimeError("the broker did not start:\n" + (self.folder / "log").read_text(errors="replace"))

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def post(self, path, body):
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode(), method="POST", headers={
            "Content-Type": "application/json", "Authorization": "Bearer " + API_KEY})
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    def issue_task(self, **members):
        return self.post("/v1/namespaces/sdk/tasks", {"timeout": "600s", **members})

    def issue(self, **members):
        return self.issue_task(**members)["token"]

    def issue_expired(self):
        token = self.issue(timeout="0.01s")
        while self.get(token)["state"] == "TASK_STATE_WAITING":
            time.sleep(0.01)
        return token

    def issue_cancelled(self):
        task = self.issue_task()
        self.post(f"/v1/tasks/{task['taskId']}:cancel", {})
        return task["token"]

    def get(self, token):
        return self.post("/v1/tasks:get", {"task": {"token": token}, "view": "TASK_VIEW_FULL"})["task"]
