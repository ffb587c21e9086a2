#!/usr/bin/env python3
"""Finishes executions in a Step Functions that nobody here wrote: moto, its interpreter switched on. See README.md."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "testing"))

from drivers.cloud import KEY, REGION, sends_and_waits  # noqa: E402
from drivers.environment import clean_environment  # noqa: E402
from drivers.moto import Moto, install_moto  # noqa: E402
from drivers.packages import or_skip  # noqa: E402
from drivers.waiting import wait_for  # noqa: E402

CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}


class Story:
    def __init__(self, moto, binary):
        self.moto, self.binary = moto, binary
        self.queue = moto.queue("callbacks")
        # Without HeartbeatSeconds moto takes no heartbeat.
        self.machine = moto.machine("waits", {"Wait": sends_and_waits(self.queue, HeartbeatSeconds=60)})
        self.wrong = []

    def start(self, name):
        """The execution, and the token that came through the queue."""
        execution = self.moto.start(self.machine, name, {})
        message = wait_for("a message", lambda: self.moto.receive(self.queue))[0]
        self.moto.sqs("DeleteMessage", QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        return execution, json.loads(message["Body"])["TaskToken"]

    def finish(self, token, *what):
        done = subprocess.run([self.binary, self.moto.endpoint, REGION, *what], input=token + "\n", capture_output=True,
                              text=True, timeout=60, env=clean_environment(CREDENTIALS))
        if token in done.stdout + done.stderr:
            self.wrong.append(f"{what}: the token is shown")
        # Kind, code, message.
        return [part.strip() for part in (done.stdout or done.stderr).split("|", 2)]

    def expect(self, what, found, expected):
        print(f"{what}: {found}")
        if found != expected:
            self.wrong.append(f"{what}: {found!r} instead of {expected!r}")

    def play(self):
        execution, token = self.start("succeeds")
        self.expect("heartbeat", self.finish(token, "heartbeat")[:2], ["accepted", "OK"])
        output = '{"approved": true, "text": "caf\u00e9 \u4e2d \U0001f600"}'
        self.expect("success", self.finish(token, "succeed", output)[:2], ["accepted", "OK"])
        ended = execution.ended()
        self.expect("its execution", ended["status"], "SUCCEEDED")
        self.expect("its output", json.loads(ended["output"]), json.loads(output))

        execution, token = self.start("fails")
        self.expect("failure", self.finish(token, "fail", "Boom", "it broke")[:2], ["accepted", "OK"])
        self.expect("its execution", execution.ended()["status"], "FAILED")

        execution, token = self.start("expires")
        self.expect("expiry", self.finish(token, "expire")[:2], ["accepted", "OK"])
        self.expect("its execution", execution.ended()["status"], "FAILED")

        self.expect("unknown token", self.finish("A" * 700, "succeed", "{}")[0], "rejected")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True, help="finish_task")
    parser.add_argument("--cache", default="build/aws-moto", help="where moto is installed")
    arguments = parser.parse_args()
    command = or_skip("moto", install_moto, pathlib.Path(arguments.cache).resolve())
    with tempfile.TemporaryDirectory() as folder:
        moto = Moto(command, pathlib.Path(folder))
        try:
            story = Story(moto, arguments.binary)
            story.play()
        finally:
            moto.stop()
    print("\n".join(story.wrong))
    return 1 if story.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
