"""Calls each step with the AWS CLI; says what it complained about."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

AWS = pathlib.Path(sys.executable).parent / "aws"


def call(endpoint, step):
    command = re.sub(r"(?<!^)([A-Z])", r"-\1", step["operation"]).lower()
    credentials = step["credentials"]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": credentials["id"], "AWS_SECRET_ACCESS_KEY": credentials["secret"],
                   "AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1", "PYTHONUTF8": "1"}
    environment.pop("AWS_SESSION_TOKEN", None)
    if "session" in credentials:
        environment["AWS_SESSION_TOKEN"] = credentials["session"]
    # A file, because an argument may not be as long as an output.
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(step["input"], file)
        file.flush()
        done = subprocess.run([sys.executable, AWS, "stepfunctions", command, "--endpoint-url", endpoint,
                               "--cli-input-json", "file://" + file.name], env=environment, capture_output=True, text=True)
    if done.returncode == 0:
        return {"error": "", "class": ""}
    found = re.search(r"An error occurred \((\w+)\) when calling the (\w+) operation", done.stderr)
    return {"error": found.group(1) if found else done.stderr, "class": "", "message": done.stderr}


request = json.load(sys.stdin)
for each in request["steps"]:
    print(json.dumps(call(request["endpoint"], each)), flush=True)
