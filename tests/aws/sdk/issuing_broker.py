"""A broker with one AWS key, and the tasks that it makes of which facts hold."""
import hashlib

import far_side
from drivers.broker import Broker
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
ENVIRONMENT = {"SDK_TESTS_SECRET": SECRET, "AWS_ACCESS_KEY_ID": far_side.BROKER_KEY,
               "AWS_SECRET_ACCESS_KEY": "the-broker's-own"}


def config_of(relay_to):
    config = CONFIG.format(digest=hashlib.sha256(API_KEY.encode()).hexdigest(), key=KEY)
    return config + (RELAY.format(endpoint=relay_to) if relay_to else "")


class IssuingBroker(Broker):
    """Brokers of one `keys` file take each other's tokens for well made. With `relay_to`, an endpoint, calls for tokens that it
    does not know are passed on."""

    def __init__(self, binaries, folder, keys, relay_to=""):
        super().__init__(binaries, folder, config_of(relay_to), "sdk", flags=["--tokens-key-file", keys],
                         environment=ENVIRONMENT, api_key=API_KEY)

    def issue_task(self, **members):
        return self.call("/v1/namespaces/sdk/tasks", {"timeout": "600s", **members})

    def issue(self, **members):
        return self.issue_task(**members)["token"]

    def issue_many(self, count):
        """Their tokens."""
        item = {"namespace": "sdk", "timeout": "600s"}
        return [each["issued"]["token"] for each in self.call("/v1/tasks:batchIssue", {"items": [item] * count})["items"]]

    def issue_expired(self):
        token = self.issue(timeout="0.01s")
        self.call("/v1/tasks:await", {"task": {"token": token}})
        return token

    def issue_cancelled(self):
        task = self.issue_task()
        self.call(f"/v1/tasks/{task['taskId']}:cancel", {})
        return task["token"]

    def get(self, token):
        return self.call("/v1/tasks:get", {"task": {"token": token}, "view": "TASK_VIEW_FULL"})["task"]
