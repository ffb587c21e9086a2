"""The real broker, and the shell beside it in which jobs settle."""
import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from waiting import wait_for


class Broker:
    """May be started again in the same folder, with the tasks that it had. As a context it must end well."""

    def __init__(self, binaries, folder, config, namespace="orders", environment=None, api_key=None):
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(config)
        ports = folder / "ports.json"
        ports.unlink(missing_ok=True)
        self.binaries, self.folder, self.namespace = pathlib.Path(binaries), folder, namespace
        # What jobs and calls below present, if anything.
        self.api_key = api_key
        self.log = open(folder / "log", "ab")
        everything = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        everything |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
        everything |= environment or {}
        self.process = subprocess.Popen(
            [str(self.binaries / "tokenbroker"), "dev", "--config", str(folder / "config.yaml"), "--data",
             str(folder / "data"), "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--admin-listen",
             "127.0.0.1:0", "--ports-file", str(ports), "--log-format", "json"],
            stdout=self.log, stderr=self.log, env=everything)
        try:
            text = wait_for("the broker", lambda: self._says_its(ports))
        except RuntimeError:
            self.kill()
            raise RuntimeError("the broker did not start:\n" + (folder / "log").read_text(errors="replace")) from None
        found = json.loads(text)
        self.grpc, self.http, self.admin = (f"127.0.0.1:{found[door]}" for door in ("grpc", "http", "admin"))

    def _says_its(self, ports):
        text = ports.read_text() if ports.exists() else ""
        if not text and self.process.poll() is not None:
            raise RuntimeError(f"it ended with {self.process.returncode}")
        return text

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
        environment = {**os.environ, "PATH": f"{self.binaries}:{os.environ['PATH']}", "TOKENBROKER_ADDRESS": self.grpc,
                       "TOKENBROKER_NAMESPACE": self.namespace, "TOKENBROKER_BASE_URL": "http://" + self.http, **variables}
        if self.api_key:
            environment["TOKENBROKER_API_KEY"] = self.api_key
        return Job(script, environment, self.folder)

    # --- over HTTP ---

    def call(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        if self.api_key:
            headers["Authorization"] = "Bearer " + self.api_key
        request = urllib.request.Request(f"http://{self.http}{path}", data, headers=headers)
        with urllib.request.urlopen(request, timeout=90) as response:
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
        with urllib.request.urlopen(f"http://{self.admin}/metrics", timeout=30) as response:
            for line in response.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[-1])
        return None

    # --- its end ---

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self):
        """The exit code."""
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            return None
        finally:
            self.log.close()


class Job:
    """A shell script under way."""

    def __init__(self, script, environment, folder):
        self.script = script
        self.process = subprocess.Popen(["sh", "-euc", script], env=environment, cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def result(self, code=0):
        """What it printed, once it has ended with this code."""
        try:
            out, err = self.process.communicate(timeout=90)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        if self.process.returncode != code:
            raise AssertionError(f"{self.script}: exit code {self.process.returncode} instead of {code}\n{out}\n{err}")
        return out
