"""Who takes part: moto's servers, an activity's recorded answers, and the real broker."""
import http.server
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

REGION = "us-east-1"
MOTO = "moto[server,sqs,stepfunctions]==5.2.5"


def wait_for(what, condition, seconds=60):
    """What the condition answers, once it is true."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = condition()
        if result:
            return result
        time.sleep(0.05)
    raise RuntimeError(f"waited {seconds} s for {what}")


def install_moto(folder):
    """Installs into a folder unless that was done; a half-made one is made anew."""
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != MOTO:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for command in ([sys.executable, "-m", "venv", folder / "venv"],
                        [folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", MOTO]):
            subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, timeout=600)
        stamp.write_text(MOTO)
    return folder / "venv/bin/moto_server"


def call_aws(endpoint, service, target, body):
    """One call of an AWS JSON service that does not look at signatures."""
    scope = f"Credential=test/20260101/{REGION}/{service}/aws4_request"
    request = urllib.request.Request(endpoint, json.dumps(body).encode(), method="POST", headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target,
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


class Moto:
    def __init__(self, command, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{port}"
        self.log = open(folder / "moto.log", "wb")
        # What its state machines call is itself.
        environment = {**os.environ, "MOTO_PORT": str(port)}
        self.process = subprocess.Popen([str(command), "-H", "127.0.0.1", "-p", str(port)], stdout=self.log,
                                        stderr=self.log, env=environment)
        wait_for("moto", self._is_up)
        self._post("/moto-api/config", {"stepfunctions": {"execute_state_machine": True}})

    def _post(self, path, body):
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=10).read()

    def _is_up(self):
        try:
            urllib.request.urlopen(self.endpoint + "/moto-api/", timeout=5).read()
            return True
        except OSError:
            return False

    def sqs(self, operation, **body):
        return call_aws(self.endpoint, "sqs", "AmazonSQS." + operation, body)

    def states(self, operation, **body):
        return call_aws(self.endpoint, "states", "AWSStepFunctions." + operation, body)

    def queue(self, name):
        return self.sqs("CreateQueue", QueueName=name)["QueueUrl"]

    def count(self, queue):
        """Messages that wait, and those that are hidden."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs("GetQueueAttributes", QueueUrl=queue, AttributeNames=names)["Attributes"]
        return tuple(int(found[name]) for name in names)

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.log.close()


class Activity:
    """Step Functions' answers to GetActivityTask, as recorded; a question without a task is held, as there."""

    def __init__(self, tasks, hold=60):
        self.tasks, self.failed, self.questions = list(tasks), [], 0
        activity, lock, ended = self, threading.Lock(), threading.Event()
        self.ended = ended

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    answer = self.act(body)
                if answer is None:
                    ended.wait(hold)
                    answer = {"taskToken": None, "input": None}
                text = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(text)))
                try:
                    self.end_headers()
                    self.wfile.write(text)
                except BrokenPipeError:  # the broker has hung up
                    self.close_connection = True

            def act(self, body):
                if self.headers["X-Amz-Target"].endswith(".SendTaskFailure"):
                    activity.failed.append(body)
                    return {}
                activity.questions += 1
                return activity.tasks.pop(0) if activity.tasks else None

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


class Broker:
    """The real one. May be started again in the same folder, with the tasks that it had."""

    def __init__(self, binaries, folder, config, failpoints=""):
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(config)
        ports = folder / "ports.json"
        ports.unlink(missing_ok=True)
        self.log = open(folder / "log", "ab")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        environment |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
        if failpoints:
            environment["TOKENBROKER_FAILPOINTS"] = failpoints
        self.process = subprocess.Popen(
            [str(pathlib.Path(binaries) / "tokenbroker"), "dev", "--config", str(folder / "config.yaml"), "--data",
             str(folder / "data"), "--grpc-listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--admin-listen",
             "127.0.0.1:0", "--ports-file", str(ports), "--log-format", "json"],
            stdout=self.log, stderr=self.log, env=environment)
        try:
            text = wait_for("the broker", lambda: ports.exists() and ports.read_text())
        except RuntimeError:
            raise RuntimeError("the broker did not start:\n" + (folder / "log").read_text(errors="replace")) from None
        found = json.loads(text)
        self.http, self.admin = f"http://127.0.0.1:{found['http']}", f"http://127.0.0.1:{found['admin']}"

    def get(self, path):
        with urllib.request.urlopen(self.http + path, timeout=30) as response:
            return json.load(response)

    def task(self, namespace, key):
        try:
            return self.get(f"/v1/namespaces/{namespace}/keys/{key}?view=TASK_VIEW_FULL")["task"]
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise

    def succeed(self, namespace, key, output):
        body = json.dumps({"output": json.dumps(output)}).encode()
        request = urllib.request.Request(f"{self.http}/v1/namespaces/{namespace}/keys/{key}:succeed", body,
                                         headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).read()

    def count_tasks(self, namespace):
        return len(self.get(f"/v1/namespaces/{namespace}/tasks").get("tasks", []))

    def metric(self, name):
        with urllib.request.urlopen(self.admin + "/metrics", timeout=30) as response:
            for line in response.read().decode().splitlines():
                if line.startswith(name + " "):
                    return float(line.split()[-1])
        return None

    def stop(self):
        """The exit code."""
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        finally:
            self.log.close()
