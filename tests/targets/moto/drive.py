#!/usr/bin/env python3
"""Finishes executions in a Step Functions that nobody here wrote: moto, its interpreter switched on. See README.md."""
import argparse
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

SKIPPED = 77
PACKAGES = ["moto[server,stepfunctions,sqs]>=5.1,<6"]
REGION, ACCOUNT = "eu-west-1", "123456789012"
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDTESTS", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}


def install(folder):
    """Once; a half-made one is made anew. The folder's Python."""
    stamp = folder / "installed"
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True, text=True)
        subprocess.run([str(folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check", *PACKAGES],
                       check=True, capture_output=True, text=True, timeout=600)
        stamp.write_text("")
    return folder / "bin/python"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Moto:
    def __init__(self, python, log):
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        # Its own integrations call it there.
        environment = {**os.environ, **KEYS, "MOTO_PORT": str(port), "MOTO_ACCOUNT_ID": ACCOUNT}
        self.process = subprocess.Popen([str(python.parent / "moto_server"), "-H", "127.0.0.1", "-p", str(port)],
                                        stdout=log, stderr=log, env=environment)
        try:
            self._await()
            self._switch_interpreter_on()
        except BaseException:
            self.stop()
            raise

    def _await(self):
        for _ in range(600):
            try:
                urllib.request.urlopen(self.endpoint + "/moto-api/", timeout=5).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        raise RuntimeError("moto did not start")

    def _switch_interpreter_on(self):
        body = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
        request = urllib.request.Request(self.endpoint + "/moto-api/config", body, method="POST",
                                         headers={"Content-Type": "application/json"})
        urllib.request.urlopen(request, timeout=30).close()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Story:
    """Runs with the folder's Python, where boto3 is."""

    def __init__(self, endpoint, binary):
        import boto3
        keys = {"aws_access_key_id": KEYS["AWS_ACCESS_KEY_ID"], "aws_secret_access_key": KEYS["AWS_SECRET_ACCESS_KEY"]}
        self.sqs = boto3.client("sqs", region_name=REGION, endpoint_url=endpoint, **keys)
        self.states = boto3.client("stepfunctions", region_name=REGION, endpoint_url=endpoint, **keys)
        self.endpoint, self.binary = endpoint, binary
        self.queue = self.sqs.create_queue(QueueName="callbacks")["QueueUrl"]
        self.machine = self.states.create_state_machine(
            name="waits", roleArn=f"arn:aws:iam::{ACCOUNT}:role/any", definition=json.dumps(self._definition()))["stateMachineArn"]
        self.wrong = []

    def _definition(self):
        return {"StartAt": "Wait", "States": {"Wait": {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True,
            # Without it moto takes no heartbeat.
            "HeartbeatSeconds": 60,
            "Parameters": {"QueueUrl": self.queue, "MessageBody": {"token.$": "$$.Task.Token"}}}}}

    def start(self, name):
        """The execution, and the token that came through the queue."""
        execution = self.states.start_execution(stateMachineArn=self.machine, name=name, input="{}")["executionArn"]
        for _ in range(60):
            for message in self.sqs.receive_message(QueueUrl=self.queue, WaitTimeSeconds=1).get("Messages", []):
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
                return execution, json.loads(message["Body"])["token"]
        raise RuntimeError("no message came")

    def finish(self, token, *what):
        done = subprocess.run([self.binary, self.endpoint, REGION, *what], input=token + "\n", capture_output=True,
                              text=True, timeout=60, env={**os.environ, **KEYS})
        if token in done.stdout + done.stderr:
            self.wrong.append(f"{what}: the token is shown")
        # Kind, code, message.
        return [part.strip() for part in (done.stdout or done.stderr).split("|", 2)]

    def ended(self, execution):
        for _ in range(300):
            found = self.states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            time.sleep(0.1)
        return found

    def expect(self, what, found, expected):
        print(f"{what}: {found}")
        if found != expected:
            self.wrong.append(f"{what}: {found!r} instead of {expected!r}")

    def play(self):
        execution, token = self.start("succeeds")
        self.expect("heartbeat", self.finish(token, "heartbeat")[:2], ["accepted", "OK"])
        output = '{"approved": true, "text": "caf\u00e9 \u4e2d \U0001f600"}'
        self.expect("success", self.finish(token, "succeed", output)[:2], ["accepted", "OK"])
        ended = self.ended(execution)
        self.expect("its execution", ended["status"], "SUCCEEDED")
        self.expect("its output", json.loads(ended["output"]), json.loads(output))

        execution, token = self.start("fails")
        self.expect("failure", self.finish(token, "fail", "Boom", "it broke")[:2], ["accepted", "OK"])
        self.expect("its execution", self.ended(execution)["status"], "FAILED")

        execution, token = self.start("expires")
        self.expect("expiry", self.finish(token, "expire")[:2], ["accepted", "OK"])
        self.expect("its execution", self.ended(execution)["status"], "FAILED")

        self.expect("unknown token", self.finish("A" * 700, "succeed", "{}")[0], "rejected")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True, help="finish_task")
    parser.add_argument("--cache", default="build/moto", help="where moto is installed")
    parser.add_argument("--endpoint", help="of a moto that runs: plays the story alone")
    arguments = parser.parse_args()
    if arguments.endpoint:
        story = Story(arguments.endpoint, arguments.binary)
        story.play()
        print("\n".join(story.wrong))
        return 1 if story.wrong else 0
    try:
        python = install(pathlib.Path(arguments.cache).resolve())
    except (OSError, subprocess.SubprocessError) as error:
        print(f"skipped: moto cannot be installed: {error}")
        print(getattr(error, "stderr", None) or "")
        return SKIPPED
    with tempfile.TemporaryFile() as log:
        moto = Moto(python, log)
        try:
            return subprocess.run([str(python), __file__, "--binary", arguments.binary, "--endpoint", moto.endpoint],
                                  timeout=300).returncode
        finally:
            moto.stop()


if __name__ == "__main__":
    sys.exit(main())
