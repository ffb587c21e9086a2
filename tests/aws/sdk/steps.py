"""What each client is made to do, and what must come of it."""
import json

import far_side

KEY, SECRET = "AKIDSDKTESTS", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
GOOD = {"id": KEY, "secret": SECRET}
OVER = "TaskTimedOut"


class Steps:
    """Steps of one client; `broker` makes the tasks."""

    def __init__(self, broker, foreign_token):
        self.broker = broker
        self.foreign_token = foreign_token
        self.steps = []
        # (token, state, output, error, cause) to be found in the end.
        self.records = []

    def add(self, name, operation, expect="", credentials=GOOD, **members):
        self.steps.append({"name": name, "operation": operation, "input": members, "credentials": credentials,
                           "expect": expect})

    def record(self, token, state, output="", error="", cause=""):
        self.records.append((token, state, output, error, cause))

    def all(self):
        self.outcomes()
        self.texts()
        self.ended_tasks()
        self.bad_input()
        self.signatures()
        return self.steps

    def relayed(self):
        """For a broker that passes on what it does not know."""
        for operation, members in (("SendTaskSuccess", {"output": '{"caf\u00e9": 1.00}'}),
                                   ("SendTaskFailure", {"error": "E", "cause": "why"}), ("SendTaskHeartbeat", {})):
            for answer in ("", OVER, "TaskDoesNotExist", "InvalidToken", "AccessDeniedException"):
                self.add("a relayed call", operation, answer, taskToken=far_side.token_for(answer), **members)
        for answer in ("InvalidOutput", "KmsAccessDeniedException", *far_side.STATUSES):
            self.add("a relayed call", "SendTaskSuccess", answer, taskToken=far_side.token_for(answer), output="1")
        token = self.broker.issue()
        self.add("a call that is not relayed", "SendTaskSuccess", taskToken=token, output="1")
        self.record(token, "TASK_STATE_SUCCEEDED", output="1")
        return self.steps

    def outcomes(self):
        token = self.broker.issue()
        self.add("a heartbeat", "SendTaskHeartbeat", taskToken=token)
        self.add("a success", "SendTaskSuccess", taskToken=token, output='{"paid":true}')
        self.add("the same success", "SendTaskSuccess", taskToken=token, output='{"paid":true}')
        self.add("another success", "SendTaskSuccess", OVER, taskToken=token, output='{"paid":false}')
        self.add("a failure behind it", "SendTaskFailure", OVER, taskToken=token, error="E", cause="why")
        self.add("a heartbeat behind it", "SendTaskHeartbeat", OVER, taskToken=token)
        self.record(token, "TASK_STATE_SUCCEEDED", output='{"paid":true}')
        token = self.broker.issue()
        self.add("a failure", "SendTaskFailure", taskToken=token, error="Declined", cause="no funds")
        self.record(token, "TASK_STATE_FAILED", error="Declined", cause="no funds")
        token = self.broker.issue()
        self.add("a bare failure", "SendTaskFailure", taskToken=token)
        self.record(token, "TASK_STATE_FAILED")
        upstream = "AQCEAAAAKgAAAAMAAAAA+/=" + "x" * 700
        token = self.broker.issue(upstreamToken=upstream)
        self.add("an upstream token", "SendTaskSuccess", taskToken=upstream, output="1")
        self.record(token, "TASK_STATE_SUCCEEDED", output="1")

    def texts(self):
        for name, value in (("UTF-8", "caf\u00e9 \u4e2d\u6587 \U0001f600"), ("controls", "a\n\t\u0001\"\\/"),
                            ("256 KiB", "x" * (262144 - 2))):
            token = self.broker.issue()
            output = json.dumps(value, ensure_ascii=False)
            self.add("output of " + name, "SendTaskSuccess", taskToken=token, output=output)
            self.record(token, "TASK_STATE_SUCCEEDED", output=output)
        token = self.broker.issue()
        self.add("cause of UTF-8", "SendTaskFailure", taskToken=token, error="\u00c9", cause="\u4e2d\n\u6587 'x'")
        self.record(token, "TASK_STATE_FAILED", error="\u00c9", cause="\u4e2d\n\u6587 'x'")

    def ended_tasks(self):
        self.add("an expired task", "SendTaskSuccess", OVER, taskToken=self.broker.issue_expired(), output="1")
        self.add("a cancelled task", "SendTaskHeartbeat", OVER, taskToken=self.broker.issue_cancelled())
        for operation, members in (("SendTaskSuccess", {"output": "1"}), ("SendTaskFailure", {}), ("SendTaskHeartbeat", {})):
            forged = self.broker.issue()
            forged = forged[:-1] + ("1" if forged[-1] == "0" else "0")
            self.add("a forged token", operation, "InvalidToken", taskToken=forged, **members)
            self.add("another engine's token", operation, "InvalidToken", taskToken="AQCEAAAA+/=", **members)
            self.add("a token without a task", operation, "TaskDoesNotExist", taskToken=self.foreign_token, **members)

    def bad_input(self):
        token = self.broker.issue()
        self.add("an output that is no JSON", "SendTaskSuccess", "InvalidOutput", taskToken=token, output="bare words")
        self.add("an output that is too long", "SendTaskSuccess", "ValidationException", taskToken=token,
                 output=json.dumps("x" * 262144))
        self.add("an error that is too long", "SendTaskFailure", "ValidationException", taskToken=token, error="x" * 257)
        self.add("a cause that is too long", "SendTaskFailure", "ValidationException", taskToken=token,
                 cause="x" * 32769)
        self.add("a token that is too long", "SendTaskHeartbeat", "ValidationException", taskToken="x" * 2049)
        contracted = self.broker.issue(contract={"outputSchema": '{"type":"object"}'})
        self.add("an output against the contract", "SendTaskSuccess", "InvalidOutput", taskToken=contracted, output="1")
        self.add("an operation that is not there", "ListActivities", "UnknownOperationException")
        self.record(token, "TASK_STATE_WAITING")

    def signatures(self):
        token = self.broker.issue()
        for name, credentials, expect in (
                ("an unknown key", {"id": "AKIDOTHER", "secret": SECRET}, "UnrecognizedClientException"),
                ("another secret", {"id": KEY, "secret": SECRET + "x"}, "InvalidSignatureException"),
                ("a session token", {**GOOD, "session": "of another"}, "UnrecognizedClientException")):
            self.add(name, "SendTaskSuccess", expect, credentials, taskToken=token, output="1")
        self.record(token, "TASK_STATE_WAITING")
