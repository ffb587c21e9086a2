"""Messages become tasks, each once, whatever happens in between."""
import json

from drivers.waiting import check, check_equal, wait_for
from world import RESULT


def messages_become_tasks(world):
    queue, dead, config = world.queues("messages")
    for i in range(25):
        world.send(queue, f"AQC+token/{i}==", f"o-{i}")
    world.cloud.sqs("SendMessage", QueueUrl=queue, MessageBody="no JSON")
    with world.broker("messages", config) as broker:
        wait_for("25 tasks", lambda: broker.count_tasks() == 25)
        wait_for("an empty queue", lambda: world.cloud.is_empty(queue))
        check_equal(json.loads(broker.task("o-7")["input"]), {"orderId": "o-7"}, "the input")
        bad = world.cloud.receive(dead)[0]
        reason = bad["MessageAttributes"]["TokenBroker.Reason"]["StringValue"]
        check(bad["Body"] == "no JSON" and "message must be JSON" in reason, f"a dead letter like {bad}")


def killed_between_store_and_delete(world):
    queue, _, config = world.queues("killed")
    world.send(queue, "AQC-killed", "o-killed")
    broker = world.broker("killed", config, environment={"TOKENBROKER_FAILPOINTS": "intake.stored=crash"})
    check_equal(broker.process.wait(60), -9, "how it ended")
    check(not world.cloud.is_empty(queue), "deleted before the crash")
    with world.broker("killed", config) as broker:
        check(broker.task("o-killed") is not None, "not stored before the crash")
        wait_for("an empty queue", lambda: world.cloud.is_empty(queue))
        check_equal(broker.count_tasks(), 1, "tasks")
        check_equal(broker.metric(RESULT.format("callbacks", "replayed")), 1, "messages that were known")


def fifo_queues_keep_their_order(world):
    """Each attempt supersedes the one before it; if one came too late it would be refused, and stand in the other queue."""
    queue, dead, config = world.queues("ordered", ".fifo")
    config += "      attempt: $.attempt\n"
    groups, attempts = 3, 12
    for attempt in range(1, attempts + 1):
        for group in range(groups):
            body = {"TaskToken": f"AQC-{group}-{attempt}", "Input": {"orderId": f"o-{group}"}, "attempt": attempt}
            for _ in range(2):  # the second is recognised by its deduplication id
                world.cloud.sqs("SendMessage", QueueUrl=queue, MessageBody=json.dumps(body), MessageGroupId=f"g{group}",
                                MessageDeduplicationId=f"{group}-{attempt}")
    world.cloud.sqs("SendMessage", QueueUrl=queue, MessageBody="no JSON", MessageGroupId="g0",
                    MessageDeduplicationId="bad")
    with world.broker("ordered", config) as broker:
        wait_for("all attempts", lambda: broker.count_tasks() == groups * attempts)
        wait_for("an empty queue", lambda: world.cloud.is_empty(queue))
        for group in range(groups):
            task = broker.task(f"o-{group}")
            check_equal((task["attempt"], task["state"]), (attempts, "TASK_STATE_WAITING"), "the last attempt")
        check_equal(broker.metric(RESULT.format("callbacks", "registered")), groups * attempts, "tasks")
        check_equal(broker.metric(RESULT.format("callbacks", "bad")), 1, "bad messages")
        letters = world.cloud.receive(dead)
        check_equal([letter["Body"] for letter in letters], ["no JSON"], "dead letters")
        check(letters[0]["Attributes"]["MessageGroupId"], "a dead letter without a group")


STORIES = (messages_become_tasks, killed_between_store_and_delete, fifo_queues_keep_their_order)
