"""A state waits at its token; the broker takes the token in, somebody settles it there, and the execution goes on."""
import json

from drivers.cloud import sends_and_waits
from drivers.loopback import free_port
from drivers.waiting import check, check_equal, wait_for
from world import BEATS

DELIVERED = 'tokenbroker_deliveries_settled_total{target="sfn",state="delivered"}'


def begin(world, name, input, **settings):
    """A configuration for a queue, and an execution that waits for an answer to its message there."""
    queue, config = world.queue_to_states(name, settings.pop("intake", ""))
    machine = world.cloud.machine(name, {"Wait": sends_and_waits(queue, **settings)})
    return config, world.cloud.start(machine, f"{name}-1", input)


def delivered(broker, key):
    """The delivery, once the broker has noted it: the execution goes on before the broker has the answer."""
    def found():
        delivery = json.loads(broker.shell(f"tokenctl delivery get --key {key} -o json"))
        return delivery if delivery["state"] == "DELIVERED" else None
    return wait_for(f"the delivery for {key}", found)


def a_job_succeeds(world):
    config, execution = begin(world, "succeeds", {"orderId": "o-state"})
    with world.broker("succeeds", config) as broker:
        task = broker.wait_for_task("o-state")
        check_equal(json.loads(task["input"]), {"orderId": "o-state"}, "the input")
        check_equal(execution.now()["status"], "RUNNING", "before anybody answers")
        broker.shell("""tokenctl succeed --key o-state --output '{"paid": true}'""")
        ended = execution.ended()
        check_equal(ended["status"], "SUCCEEDED", "the execution")
        check_equal(json.loads(ended["output"]), {"paid": True}, "its output")


def a_job_fails(world):
    config, execution = begin(world, "fails", {"orderId": "o-fails"})
    with world.broker("fails", config) as broker:
        broker.wait_for_task("o-fails")
        broker.shell("tokenctl fail --key o-fails --error NoStock --cause 'sold out until May'")
        ended = execution.ended()
        check_equal((ended["status"], ended["error"]), ("FAILED", "NoStock"), "the execution")
        if world.cloud.tells_causes:
            check_equal(ended["cause"], "sold out until May", "its cause")
        delivery = delivered(broker, "o-fails")
        check_equal((delivery["answer_code"], delivery["attempts"]), ("OK", 1), "the delivery")


# A worker as it stood before the broker, its endpoint changed.
BOTO3 = """
import boto3, os
states = boto3.client("stepfunctions", endpoint_url="http://" + os.environ["BROKER"], region_name="us-east-1",
                      aws_access_key_id="any", aws_secret_access_key="any")
states.send_task_heartbeat(taskToken=os.environ["TOKEN"])
states.send_task_success(taskToken=os.environ["TOKEN"], output='{"by": "boto3"}')
"""


def an_aws_client_settles_by_the_engine_s_token(world):
    config, execution = begin(world, "boto3", {"orderId": "o-boto3"}, HeartbeatSeconds=600,
                              intake="      heartbeat_timeout: 10m\n")
    with world.broker("boto3", config) as broker:
        broker.wait_for_task("o-boto3")
        broker.shell('"$PYTHON" -c "$SCRIPT"', PYTHON=str(world.cloud.python), SCRIPT=BOTO3, BROKER=broker.http,
                     TOKEN=execution.token())
        ended = execution.ended()
        check_equal((ended["status"], json.loads(ended.get("output", "null"))), ("SUCCEEDED", {"by": "boto3"}),
                    "the execution")


def a_job_falls_silent(world):
    """The state catches what the broker reports in its place: the engine's own deadline is far away."""
    queue, config = world.queue_to_states("silent", "      heartbeat_timeout: 3s\n",
                                          "    heartbeat_timeout_error: JobFellSilent\n")
    machine = world.cloud.machine("silent", {
        "Wait": sends_and_waits(queue, HeartbeatSeconds=600, Catch=[
            {"ErrorEquals": ["JobFellSilent"], "ResultPath": "$.caught", "Next": "Restart"}]),
        "Never": {"Type": "Fail"},
        "Restart": {"Type": "Pass"}})
    execution = world.cloud.start(machine, "silent-1", {"orderId": "o-silent"})
    with world.broker("silent", config) as broker:
        broker.wait_for_task("o-silent")
        broker.shell("tokenctl heartbeat --key o-silent")
        wait_for("the beat in Step Functions", lambda: broker.metric(BEATS))
        ended = execution.ended()
        check_equal(ended["status"], "SUCCEEDED", "the execution")
        caught = json.loads(ended["output"])["caught"]
        check_equal(caught["Error"], "JobFellSilent", "what it caught")
        if world.cloud.tells_causes:
            check(caught["Cause"].startswith("No heartbeat came in time: the task token broker's task"), f"{caught}")
        check_equal(broker.task("o-silent")["state"], "TASK_STATE_EXPIRED", "the task")
        broker.shell("tokenctl succeed --key o-silent --output 1 --no-park", code=5)


def nobody_ever_answers(world):
    """The names of Step Functions' own errors end the execution here, too: as one that nothing catches."""
    config, execution = begin(world, "late", {"orderId": "o-late"}, intake="      timeout: 1s\n")
    with world.broker("late", config) as broker:
        broker.wait_for_task("o-late")
        ended = execution.ended()
        check_equal((ended["status"], ended["error"]), ("FAILED", "States.Runtime"), "the execution")
        check("'States.Timeout'" in ended["cause"], f"because of {ended['cause']}")
        check_equal(delivered(broker, "o-late")["outcome"], "EXPIRED", "the delivery")


def the_engine_gives_up_first(world):
    """A job under `tokenctl run` beats; an operator stops the execution. The next beat that is due upstream learns of it,
    the job's next beat is told, and the job is stopped."""
    config, execution = begin(world, "stopped", {"orderId": "o-stopped"}, HeartbeatSeconds=600,
                              intake="      heartbeat_timeout: 6s\n")
    with world.broker("stopped", config) as broker:
        broker.wait_for_task("o-stopped")
        waits = broker.start_shell("tokenctl await --key o-stopped -o json")
        job = broker.start_shell("tokenctl run --key o-stopped --quiet -- sh -c "
                                 "'trap \"echo stopped > stopped; exit 0\" TERM; while :; do sleep 0.1; done'")
        wait_for("a beat in Step Functions", lambda: broker.metric(BEATS))
        execution.stop()
        job.result(code=9)
        check_equal((broker.folder / "stopped").read_text(), "stopped\n", "what the job wrote")
        told = json.loads(waits.result(code=9))
        check_equal(told["state"], "CANCELLED", "what the waiting side hears")
        cause = told["outcome"]["cause"]
        check(cause.startswith("upstream timed out ("), f"because of {cause}")


def a_silent_engine_is_noticed_by_the_next_beat(world):
    """The engine listens more closely than the broker was told, and gives up; the first beat after that is refused."""
    config, execution = begin(world, "closely", {"orderId": "o-closely"}, HeartbeatSeconds=1,
                              intake="      heartbeat_timeout: 1h\n")
    with world.broker("closely", config) as broker:
        broker.wait_for_task("o-closely")
        check_equal(execution.ended()["status"], "FAILED", "the execution")
        broker.shell("tokenctl heartbeat --key o-closely")
        wait_for("the cancellation", lambda: broker.task("o-closely")["state"] == "TASK_STATE_CANCELLED")
        broker.shell("tokenctl heartbeat --key o-closely", code=9)


def killed_while_the_engine_is_away(world):
    """What was acknowledged arrives once both are back."""
    config, execution = begin(world, "away", {"orderId": "o-away"})
    away = config.replace(f"endpoint: {world.cloud.endpoint}", f"endpoint: http://127.0.0.1:{free_port()}")
    broker = world.broker("away", away)
    try:
        broker.wait_for_task("o-away")
        told = broker.succeed("o-away", {"paid": True}, waitForDelivery="1s")
        check_equal((told["verdict"], told["delivery"]["state"]), ("VERDICT_ACCEPTED", "DELIVERY_STATE_PENDING"),
                    "what is told")
    finally:
        broker.kill()
    check_equal(execution.now()["status"], "RUNNING", "without the broker")
    with world.broker("away", config) as broker:
        ended = execution.ended()
        check_equal((ended["status"], json.loads(ended.get("output", "null"))), ("SUCCEEDED", {"paid": True}),
                    "the execution")
        again = broker.succeed("o-away", {"paid": True}, waitForDelivery="60s")
        check_equal((again["verdict"], again["delivery"]["state"]), ("VERDICT_REPLAYED", "DELIVERY_STATE_DELIVERED"),
                    "what is told again")


def many_executions_all_end(world):
    """Settled in one file: two in three succeed. Every execution ends with what its own row says."""
    count = 240
    queue, config = world.queue_to_states("many")
    machine = world.cloud.machine("many", {"Wait": sends_and_waits(queue)})
    executions = {f"o-{i}": world.cloud.start(machine, f"many-{i}", {"orderId": f"o-{i}"}) for i in range(count)}
    with world.broker("many", config) as broker:
        wait_for("all tasks", lambda: broker.count_tasks() == count)
        rows = [{"key": key, "output": {"done": key}} if i % 3 else {"key": key, "error": f"Failed.{i}"}
                for i, key in enumerate(executions)]
        (broker.folder / "outcomes.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        broker.shell("tokenctl bulk outcomes.jsonl")
        for i, (key, execution) in enumerate(executions.items()):
            ended = execution.ended()
            if i % 3:
                check_equal((ended["status"], json.loads(ended.get("output") or "null")), ("SUCCEEDED", {"done": key}), key)
            else:
                check_equal((ended["status"], ended.get("error")), ("FAILED", f"Failed.{i}"), key)
        wait_for("the last answers", lambda: broker.metric('tokenbroker_deliveries_owed{target="sfn"}') == 0)
        wait_for("all deliveries to be counted", lambda: broker.metric(DELIVERED) == count)


def somebody_approves_by_a_link(world):
    """Made of the token that Step Functions made, by whoever sent it around; opened and answered with curl."""
    config, execution = begin(world, "approval", {"orderId": "o-approval", "what": "A discount of 30 %"},
                              intake="      summary: $.Input.what\n")
    with world.broker("approval", config) as broker:
        broker.wait_for_task("o-approval")
        link = broker.shell('printf "%s\\n" "$TOKEN" | tokenctl url -', TOKEN=execution.token()).strip()
        page = broker.shell('curl -sSf -H "Accept: text/html" "$LINK"', LINK=link)
        check("A discount of 30 %" in page and "Approve" in page, f"the page says {page}")
        check_equal(execution.now()["status"], "RUNNING", "after a look at the page")
        broker.shell("""curl -sSf -d '{"approved": true}' "$LINK/succeed" """, LINK=link)
        ended = execution.ended()
        check_equal((ended["status"], json.loads(ended["output"])), ("SUCCEEDED", {"approved": True}), "the execution")
        status = broker.shell('curl -sS -o answer -w "%{http_code}" -d error=No "$LINK/fail"', LINK=link)
        check_equal(status, "400", "another answer after that")
        check("TASK_ALREADY_RESOLVED" in (broker.folder / "answer").read_text(), "not told that it is too late")


STORIES = (a_job_succeeds, a_job_fails, an_aws_client_settles_by_the_engine_s_token, a_job_falls_silent,
           nobody_ever_answers, the_engine_gives_up_first, a_silent_engine_is_noticed_by_the_next_beat,
           killed_while_the_engine_is_away, somebody_approves_by_a_link, many_executions_all_end)
