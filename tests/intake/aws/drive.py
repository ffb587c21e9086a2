#!/usr/bin/env python3
"""The intakes of a real broker against servers that speak AWS's wire: moto's SQS and Step Functions, which pip installs
below the build folder, and recorded answers for activities, which moto does not have."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from peers import REGION, Activity, Broker, Moto, install_moto, wait_for  # noqa: E402

SKIPPED = 77

QUEUE = """intake:
  queues:
    - name: callbacks
      url: {queue}
      dead_letter_url: {dead}
      region: {region}
      visibility_timeout: 5s
      namespace: orders
      token: $.TaskToken
      key: $.Input.orderId
      input: $.Input
"""
TARGET = """      target: sfn
targets:
  sfn:
    kind: step_functions
    region: {region}
    endpoint: {endpoint}
"""
ACTIVITY = """intake:
  activities:
    - name: review
      arn: arn:aws:states:us-east-1:123456789012:activity:review
      endpoint: {endpoint}
      pollers: 2
      namespace: loans
      key: $.applicationId
"""
RESULT = 'tokenbroker_intake_tasks_total{{intake="{}",result="{}"}}'


def check(condition, what):
    if not condition:
        raise AssertionError(what)


class Scenarios:
    def __init__(self, binaries, folder, moto):
        self.binaries, self.folder, self.moto, self.count = binaries, folder, moto, 0

    def _queues(self):
        self.count += 1
        queue, dead = self.moto.queue(f"callbacks{self.count}"), self.moto.queue(f"dead{self.count}")
        return queue, dead, QUEUE.format(queue=queue, dead=dead, region=REGION)

    def _send(self, queue, token, order):
        body = json.dumps({"TaskToken": token, "Input": {"orderId": order}})
        self.moto.sqs("SendMessage", QueueUrl=queue, MessageBody=body)

    def messages_become_tasks(self):
        queue, dead, config = self._queues()
        for i in range(25):
            self._send(queue, f"AQC+token/{i}==", f"o-{i}")
        self.moto.sqs("SendMessage", QueueUrl=queue, MessageBody="no JSON")
        broker = Broker(self.binaries, self.folder / "messages", config)
        try:
            wait_for("25 tasks", lambda: broker.count_tasks("orders") == 25)
            wait_for("an empty queue", lambda: self.moto.count(queue) == (0, 0))
            check(json.loads(broker.task("orders", "o-7")["input"]) == {"orderId": "o-7"}, "another input")
            bad = self.moto.sqs("ReceiveMessage", QueueUrl=dead, MessageAttributeNames=["All"])["Messages"][0]
            reason = bad["MessageAttributes"]["TokenBroker.Reason"]["StringValue"]
            check(bad["Body"] == "no JSON" and "message must be JSON" in reason, f"a dead letter like {bad}")
        finally:
            code = broker.stop()
        check(code == 0, f"exit code {code}")

    def killed_between_store_and_delete(self):
        queue, _, config = self._queues()
        self._send(queue, "AQC-killed", "o-killed")
        broker = Broker(self.binaries, self.folder / "killed", config, failpoints="intake.stored=crash")
        code = broker.process.wait(60)
        check(code == -9, f"not killed: {code}")
        check(self.moto.count(queue) != (0, 0), "deleted before the crash")
        broker = Broker(self.binaries, self.folder / "killed", config)
        try:
            check(broker.task("orders", "o-killed") is not None, "not stored before the crash")
            wait_for("an empty queue", lambda: self.moto.count(queue) == (0, 0))
            check(broker.count_tasks("orders") == 1, "registered more than once")
            check(broker.metric(RESULT.format("callbacks", "replayed")) == 1, "not told that it was there already")
        finally:
            broker.stop()

    def an_execution_goes_on_when_a_job_settles_by_its_key(self):
        queue, _, config = self._queues()
        config += TARGET.format(region=REGION, endpoint=self.moto.endpoint)
        wait = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": True,
                "Parameters": {"QueueUrl": queue,
                               "MessageBody": {"Input.$": "$", "TaskToken.$": "$$.Task.Token"}}}
        machine = self.moto.states("CreateStateMachine", name="waits", roleArn="arn:aws:iam::123456789012:role/any",
                                   definition=json.dumps({"StartAt": "Wait", "States": {"Wait": wait}}))
        execution = self.moto.states("StartExecution", stateMachineArn=machine["stateMachineArn"],
                                     input=json.dumps({"orderId": "o-state"}))["executionArn"]

        def status():
            return self.moto.states("DescribeExecution", executionArn=execution)

        broker = Broker(self.binaries, self.folder / "state", config)
        try:
            task = wait_for("the state's task", lambda: broker.task("orders", "o-state"))
            check(json.loads(task["input"]) == {"orderId": "o-state"}, f"input {task['input']}")
            check(status()["status"] == "RUNNING", "does not wait")
            broker.succeed("orders", "o-state", {"paid": True})
            wait_for("the execution", lambda: status()["status"] != "RUNNING")
            check(status()["status"] == "SUCCEEDED", f"ended as {status()}")
            check(json.loads(status()["output"]) == {"paid": True}, f"output {status()['output']}")
        finally:
            broker.stop()

    def activity_tasks_are_taken(self):
        activity = Activity([{"taskToken": "AQC-1", "input": '{"applicationId":"a-1"}'},
                             {"taskToken": "AQC-2", "input": '{"number":2}'}])
        broker = Broker(self.binaries, self.folder / "activity", ACTIVITY.format(endpoint=activity.endpoint))
        try:
            task = wait_for("the task", lambda: broker.task("loans", "a-1"))
            check(task["labels"]["activity"] == "review", f"labels {task['labels']}")
            failed = wait_for("the failure", lambda: activity.failed)[0]
            check(failed["taskToken"] == "AQC-2" and "is not in the message" in failed["cause"], f"failed {failed}")
            wait_for("both pollers to ask again", lambda: activity.questions == 4)
            # Both questions are being held: they must not hold the broker.
            code = broker.stop()
            check(code == 0, f"exit code {code}")
            log = (self.folder / "activity/log").read_text()
            check("AQC-" not in log, "a token stands in the log")
        finally:
            broker.process.kill()
            activity.stop()

    def all(self):
        return (self.messages_become_tasks, self.killed_between_store_and_delete,
                self.an_execution_goes_on_when_a_job_settles_by_its_key, self.activity_tasks_are_taken)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, help="the folder with tokenbroker")
    parser.add_argument("--cache", default="build/aws-intake", help="where moto is installed")
    arguments = parser.parse_args()
    try:
        command = install_moto(pathlib.Path(arguments.cache).resolve())
    except (OSError, subprocess.SubprocessError) as error:
        print(f"skipped: moto cannot be installed: {error}")
        print(getattr(error, "stderr", None) or "")
        return SKIPPED
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        moto = Moto(command, folder)
        try:
            for scenario in Scenarios(arguments.bin, folder, moto).all():
                try:
                    scenario()
                    print(f"ok     {scenario.__name__}")
                except Exception as error:  # one that breaks must not hide the others
                    wrong += 1
                    print(f"WRONG  {scenario.__name__}: {error!r}")
                    for log in sorted(folder.glob("*/log")):
                        print(f"{log}:\n" + log.read_text(errors="replace")[-3000:])
        finally:
            moto.stop()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
