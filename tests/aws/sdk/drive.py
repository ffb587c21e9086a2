#!/usr/bin/env python3
"""Plays the steps with one real AWS client against a real broker. See README.md."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "testing"))

import clients  # noqa: E402
from drivers.environment import clean_environment  # noqa: E402
from drivers.packages import or_skip  # noqa: E402
from far_side import PREFIX, FarSide, text_of  # noqa: E402
from issuing_broker import IssuingBroker  # noqa: E402
from steps import KEY, Steps  # noqa: E402


def foreign_token(binaries, folder, keys):
    """Of a broker that had the same keys and is gone with its store."""
    with IssuingBroker(binaries, folder, keys) as broker:
        # Not the first: the other broker's first tasks have numbers as well.
        return broker.issue_many(1000)[-1]


def play(command, endpoint, steps):
    """What the player got, by step."""
    request = json.dumps({"endpoint": endpoint, "steps": steps})
    done = subprocess.run(command, input=request, capture_output=True, text=True, timeout=600, env=clean_environment())
    if done.returncode != 0:
        raise RuntimeError(f"the player failed:\n{done.stdout}\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def compare_answers(steps, answers, class_of):
    wrong = []
    if len(answers) != len(steps):
        wrong.append(f"{len(steps)} steps, {len(answers)} answers")
    for step, answer in zip(steps, answers):
        what = f"{step['name']}, {step['operation']}"
        if answer["error"] != step["expect"]:
            wrong.append(f"{what}: {answer} instead of {step['expect'] or 'success'}")
        expected_class = class_of(step["expect"])
        if expected_class and answer["class"] != expected_class:
            wrong.append(f"{what}: raised as {answer['class']} instead of {expected_class}")
    return wrong


def compare_records(broker, records):
    wrong = []
    for token, *expected in records:
        task = broker.get(token)
        outcome = task.get("outcome", {})
        found = [task["state"], outcome.get("output", ""), outcome.get("error", ""), outcome.get("cause", "")]
        if found != expected:
            wrong.append(f"recorded is {str(found)[:300]} instead of {str(expected)[:300]}")
        if expected[0] != "TASK_STATE_WAITING" and outcome.get("resolvedBy") != "aws:" + KEY:
            wrong.append(f"resolved by {outcome.get('resolvedBy')}")
    return wrong


def drive(client, binaries, command, folder):
    keys = folder / "token-keys.json"
    foreign = foreign_token(binaries, folder / "gone", keys)
    with IssuingBroker(binaries, folder / "broker", keys) as broker:
        steps = Steps(broker, foreign)
        answers = play(command, "http://" + broker.http, steps.all())
        wrong = compare_answers(steps.steps, answers, client.class_of)
        return len(steps.steps), wrong + compare_records(broker, steps.records)


def compare_texts(steps, answers):
    """Of players that tell what they were told."""
    return [f"{step['name']}: {answer['message']}" for step, answer in zip(steps, answers)
            if step["expect"] and text_of(step["expect"]) not in answer.get("message", text_of(step["expect"]))]


def compare_relayed(steps, calls):
    expected = [(step["operation"], step["input"]) for step in steps if step["input"]["taskToken"].startswith(PREFIX)]
    wrong = [f"not passed on as it was: {call}" for call in expected if call not in calls]
    return wrong + [f"passed on, though nobody sent it: {call}" for call in calls if call not in expected]


def drive_relayed(client, binaries, command, folder):
    far_side = FarSide()
    try:
        with IssuingBroker(binaries, folder / "relay", folder / "relay-keys.json", far_side.endpoint) as broker:
            steps = Steps(broker, "")
            answers = play(command, "http://" + broker.http, steps.relayed())
            wrong = (compare_answers(steps.steps, answers, client.class_of) + compare_texts(steps.steps, answers) +
                     compare_relayed(steps.steps, far_side.calls))
            return len(steps.steps), wrong + compare_records(broker, steps.records)
    finally:
        far_side.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--client", choices=sorted(clients.ALL), required=True)
    parser.add_argument("--bin", required=True, help="the folder with tokenbroker")
    parser.add_argument("--cache", default="build/aws-sdk", help="where clients are installed")
    arguments = parser.parse_args()
    client = clients.ALL[arguments.client]
    command = or_skip(arguments.client, client.install, pathlib.Path(arguments.cache).resolve() / arguments.client)
    with tempfile.TemporaryDirectory() as folder:
        count, wrong = drive(client, arguments.bin, command, pathlib.Path(folder))
        relayed, more = drive_relayed(client, arguments.bin, command, pathlib.Path(folder))
    count, wrong = count + relayed, wrong + more
    print(f"{arguments.client}: {count} steps, {len(wrong)} wrong")
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
