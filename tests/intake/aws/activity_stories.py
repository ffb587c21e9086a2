"""A state names an activity: its tasks are fetched, settled at the broker, and the execution goes on. Needs
GetActivityTask."""
import json

from drivers.cloud import REGION
from drivers.waiting import check_equal, wait_for
from world import BEATS

CONFIG = """intake:
  activities:
    - name: review
      arn: {arn}
      endpoint: {endpoint}
      pollers: 2
      namespace: loans
      target: sfn
      key: $.applicationId
      input: $
{more}targets:
  sfn:
    kind: step_functions
    region: {region}
    endpoint: {endpoint}
    heartbeat_timeout_error: JobFellSilent
"""


def begin(world, name, more="", **settings):
    """A broker that polls a new activity, and an execution that waits for it. The task's key is the name."""
    arn = world.cloud.states("CreateActivity", name=name)["activityArn"]
    machine = world.cloud.machine(name, {"Review": {"Type": "Task", "Resource": arn, **settings}})
    config = CONFIG.format(arn=arn, endpoint=world.cloud.endpoint, region=REGION, more=more)
    broker = world.broker(name, config, namespace="loans")
    return broker, world.cloud.start(machine, f"{name}-1", {"applicationId": name})


def an_activity_s_task_succeeds(world):
    broker, execution = begin(world, "activity-job")
    with broker:
        task = broker.wait_for_task("activity-job")
        check_equal(json.loads(task["input"]), {"applicationId": "activity-job"}, "the input")
        check_equal((task["labels"]["activity"], task["issuedBy"]), ("activity-job", "intake:review"), "who made it")
        check_equal(execution.now()["status"], "RUNNING", "before anybody answers")
        broker.shell("""tokenctl succeed --key activity-job --output '{"approved": true}'""")
        ended = execution.ended()
        check_equal((ended["status"], json.loads(ended.get("output", "null"))), ("SUCCEEDED", {"approved": True}),
                    "the execution")


def an_activity_s_task_fails(world):
    broker, execution = begin(world, "activity-fails")
    with broker:
        broker.wait_for_task("activity-fails")
        broker.shell("tokenctl run --key activity-fails --quiet -- sh -c 'echo no such file >&2; exit 3'", code=3)
        ended = execution.ended()
        check_equal((ended["status"], ended["error"], ended["cause"].strip()), ("FAILED", "ExitCode.3", "no such file"),
                    "the execution")


def a_worker_of_an_activity_falls_silent(world):
    broker, execution = begin(world, "activity-silent", "      heartbeat_timeout: 3s\n", HeartbeatSeconds=600)
    with broker:
        broker.wait_for_task("activity-silent")
        broker.shell("tokenctl heartbeat --key activity-silent")
        wait_for("the beat in Step Functions", lambda: broker.metric(BEATS))
        ended = execution.ended()
        check_equal((ended["status"], ended["error"]), ("FAILED", "JobFellSilent"), "the execution")
        check_equal(broker.task("activity-silent")["state"], "TASK_STATE_EXPIRED", "the task")


def an_activity_times_out_upstream(world):
    broker, execution = begin(world, "activity-late", "      heartbeat_timeout: 1h\n", HeartbeatSeconds=1)
    with broker:
        broker.wait_for_task("activity-late")
        ended = execution.ended()
        check_equal((ended["status"], ended["error"]), ("FAILED", "States.Timeout"), "the execution")
        broker.shell("tokenctl heartbeat --key activity-late")
        wait_for("the cancellation", lambda: broker.task("activity-late")["state"] == "TASK_STATE_CANCELLED")
        broker.shell("tokenctl heartbeat --key activity-late", code=9)


def what_can_be_no_task_is_failed(world):
    """Its execution would wait for nothing otherwise."""
    arn = world.cloud.states("CreateActivity", name="activity-bad")["activityArn"]
    machine = world.cloud.machine("activity-bad", {"Review": {"Type": "Task", "Resource": arn}})
    config = CONFIG.format(arn=arn, endpoint=world.cloud.endpoint, region=REGION, more="")
    with world.broker("activity-bad", config, namespace="loans"):
        ended = world.cloud.start(machine, "activity-bad-1", {"applicant": "x"}).ended()
        check_equal((ended["status"], ended["error"]), ("FAILED", "TokenBroker.NotRegistered"), "the execution")


STORIES = (an_activity_s_task_succeeds, an_activity_s_task_fails, a_worker_of_an_activity_falls_silent,
           an_activity_times_out_upstream, what_can_be_no_task_is_failed)
