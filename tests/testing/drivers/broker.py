"""The real broker, and the shell beside it in which jobs settle."""
import json
import os
import pathlib
import urllib.error
import urllib.parse
import urllib.request

from drivers.loopback import open_url
from drivers.processes import Job, Server
from drivers.waiting import wait_for

ANY_PORT = "127.0.0.1:0"


class Broker(Server):
    """May be started again in the same folder, with the tasks that it had. As a context it must end well.

    `flags` stand behind those of every start. `api_key` is what jobs and calls below present, if anything."""

    def __init__(self, binaries, folder, config, namespace, flags=(), environment=None, api_key=None):
        self.binaries, self.folder = pathlib.Path(binaries).resolve(), folder
        self.namespace, self.api_key = namespace, api_key
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(config)
        ports = folder / "ports.json"
        ports.unlink(missing_ok=True)
        super().__init__("the broker", [
            self.binaries / "tokenbroker", "dev", "--config", folder / "config.yaml", "--data", folder / "data",
            "--grpc-listen", ANY_PORT, "--http-listen", ANY_PORT, "--admin-listen", ANY_PORT, "--ports-file", ports,
            "--log-format", "json", *flags], folder / "log", environment)
        found = json.loads(self.await_start(lambda: ports.exists() and ports.read_text()))
        self.grpc, self.http, self.admin = (f"127.0.0.1:{found[door]}" for door in ("grpc", "http", "admin"))

    def __enter__(self):
        return self

    def __exit__(self, failure, *_):
        code = self.stop()
        if failure is None and code != 0:
            raise AssertionError(f"the broker ended with {code}")

    # --- as a job does it ---

    def shell(self, script, code=0, **variables):
        """What a shell job prints. It finds tokenctl on its path, and this broker."""
        return self.start_shell(script, **variables).result(code)

    def start_shell(self, script, **variables):
        environment = {"PATH": f"{self.binaries}:{os.environ['PATH']}", "TOKENBROKER_ADDRESS": self.grpc,
                       "TOKENBROKER_NAMESPACE": self.namespace, "TOKENBROKER_BASE_URL": "http://" + self.http, **variables}
        if self.api_key:
            environment["TOKENBROKER_API_KEY"] = self.api_key
        return Job(script, environment, self.folder)

    # --- over HTTP ---

    def call(self, path, body=None):
        """POSTs a body, GETs without one."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.api_key:
            headers["Authorization"] = "Bearer " + self.api_key
        with open_url(urllib.request.Request(f"http://{self.http}{path}", data, headers=headers)) as response:
            return json.load(response)

    def task(self, key):
        """None if there is none."""
        try:
            return self.call(self._of_key(key) + "?view=TASK_VIEW_FULL")["task"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def wait_for_task(self, key):
        return wait_for(f"the task {key}", lambda: self.task(key))

    def succeed(self, key, output, **more):
        return self.call(self._of_key(key) + ":succeed", {"output": json.dumps(output), **more})

    def count_tasks(self):
        """Up to 1,000."""
        return len(self.call(f"/v1/namespaces/{self.namespace}/tasks?pageSize=1000").get("tasks", []))

    def _of_key(self, key):
        return f"/v1/namespaces/{self.namespace}/keys/{urllib.parse.quote(key, safe='')}"

    def metric(self, name):
        with open_url(f"http://{self.admin}/metrics") as response:
            for line in response.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[-1])
        return None
