"""AWS as a story sees it, whoever plays it: queues, state machines, executions."""
import json
import urllib.error
import urllib.request

from drivers.loopback import open_url
from drivers.waiting import wait_for

# Not the one that is taken where nobody says one.
REGION = "eu-west-1"
# Of the account that everything belongs to that says nothing else.
KEY = "test"


def call_aws(endpoint, service, target, body, key=KEY):
    """One call of an AWS JSON service that does not look at signatures."""
    scope = f"Credential={key}/20260101/{REGION}/{service}/aws4_request"
    request = urllib.request.Request(endpoint, json.dumps(body).encode(), method="POST", headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target,
        "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"})
    try:
        with open_url(request) as response:
            return json.loads(response.read() or b"{}")
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{target}: {error.code} {error.read().decode(errors='replace')}") from None


class Cloud:
    """Whoever plays it has an `endpoint`, and a `python` with boto3."""

    # Whose KEY it is.
    account = "123456789012"
    # Whether a failed execution keeps the cause that it was failed with.
    tells_causes = True
    # What SendTaskSuccess is told about an execution that has ended.
    says_of_ended = "TaskTimedOut"

    def sqs(self, operation, key=KEY, **body):
        return call_aws(self.endpoint, "sqs", "AmazonSQS." + operation, body, key)

    def states(self, operation, key=KEY, **body):
        return call_aws(self.endpoint, "states", "AWSStepFunctions." + operation, body, key)

    def events(self, operation, **body):
        return call_aws(self.endpoint, "events", "AWSEvents." + operation, body)

    def queue(self, name, key=KEY):
        attributes = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        return self.sqs("CreateQueue", key=key, QueueName=name, Attributes=attributes)["QueueUrl"]

    def is_empty(self, queue, key=KEY):
        """Whether no message waits and none is hidden. Those are counted one after the other, so that a message whose
        hiding ends in between is in neither count: only two looks in a row that find nothing mean that."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

        def finds_nothing():
            found = self.sqs("GetQueueAttributes", key=key, QueueUrl=queue, AttributeNames=names)["Attributes"]
            return all(found[name] == "0" for name in names)
        return finds_nothing() and finds_nothing()

    def receive(self, queue):
        """The messages that come at once, with all that they carry."""
        found = self.sqs("ReceiveMessage", QueueUrl=queue, MaxNumberOfMessages=10, AttributeNames=["All"],
                         MessageAttributeNames=["All"])
        return found.get("Messages", [])

    def machine(self, name, states, key=KEY, account=None):
        """A state machine of states that follow each other where they do not say what follows. Its ARN."""
        names = list(states)
        for state, following in zip(names, names[1:] + [None]):
            if states[state]["Type"] not in ("Fail", "Succeed") and not {"Next", "End"} & states[state].keys():
                states[state].update({"Next": following} if following else {"End": True})
        definition = json.dumps({"StartAt": names[0], "States": states})
        role = f"arn:aws:iam::{account or self.account}:role/any"
        return self.states("CreateStateMachine", key=key, name=name, roleArn=role, definition=definition)["stateMachineArn"]

    def start(self, machine, name, input, key=KEY):
        found = self.states("StartExecution", key=key, stateMachineArn=machine, name=name, input=json.dumps(input))
        return Execution(self, found["executionArn"], key)


class Execution:
    def __init__(self, cloud, arn, key):
        self.cloud, self.arn, self.key = cloud, arn, key

    def now(self):
        return self.cloud.states("DescribeExecution", key=self.key, executionArn=self.arn)

    def ended(self):
        """What became of it."""
        def found():
            description = self.now()
            return description if description["status"] != "RUNNING" else None
        return wait_for(f"the end of {self.arn}", found)

    def history(self):
        return self.cloud.states("GetExecutionHistory", key=self.key, executionArn=self.arn,
                                 includeExecutionData=True)["events"]

    def token(self):
        """That of its first task, which the history shows to whoever may read it."""
        def scheduled():
            return next((event for event in self.history() if event["type"] == "TaskScheduled"), None)
        details = wait_for("a task", scheduled)["taskScheduledEventDetails"]
        return json.loads(details["parameters"])["MessageBody"]["TaskToken"]

    def stop(self):
        self.cloud.states("StopExecution", key=self.key, executionArn=self.arn)


def sends_and_waits(queue, body=None, **settings):
    """A state that sends its input and its token to a queue, and waits."""
    return {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl": queue,
                           "MessageBody": body or {"Input.$": "$", "TaskToken.$": "$$.Task.Token"}},
            **settings}
