"""Calls each step with boto3; says what was raised."""
import json
import re
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"max_attempts": 0}, parameter_validation=False)


def client_of(endpoint, credentials):
    return boto3.client("stepfunctions", endpoint_url=endpoint, region_name="eu-central-1", config=CONFIG,
                        aws_access_key_id=credentials["id"], aws_secret_access_key=credentials["secret"],
                        aws_session_token=credentials.get("session"))


def call(endpoint, step):
    method = re.sub(r"(?<!^)([A-Z])", r"_\1", step["operation"]).lower()
    try:
        getattr(client_of(endpoint, step["credentials"]), method)(**step["input"])
        return {"error": "", "class": ""}
    except ClientError as error:
        return {"error": error.response["Error"]["Code"], "class": type(error).__name__,
                "message": error.response["Error"]["Message"]}


request = json.load(sys.stdin)
for each in request["steps"]:
    print(json.dumps(call(request["endpoint"], each)))
