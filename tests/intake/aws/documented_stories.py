"""What docs/intakes.md shows is played as it stands there; only who plays AWS, and where, is put in."""
import hashlib
import json

from drivers.cloud import REGION
from documented import example, replace
from drivers.waiting import check_equal, wait_for


# EventBridge may issue; the shop's own people may read and resolve.
KEYS = """auth:
  mode: keys
  keys:
    - {{id: eventbridge, sha256: {bus}, namespaces: {{coffee: [issue]}}}}
    - {{id: barista, sha256: {shop}, namespaces: {{coffee: [read, resolve]}}}}
"""


def at(world, config, **more):
    """An example that calls this world instead of AWS."""
    config = replace(config, region=REGION, **more)
    return config.replace("kind: step_functions,", f'kind: step_functions, endpoint: "{world.cloud.endpoint}",')


def an_execution_ends(execution, status, output):
    ended = execution.ended()
    check_equal((ended["status"], json.loads(ended.get("output", "null"))), (status, output), "the execution")


def the_documented_queue(world):
    queue, dead = world.cloud.queue("documented"), world.cloud.queue("documented-dead")
    config = at(world, example("Queues", "yaml").replace(" url: ", f" region: {REGION}\n      url: "),
                url=queue, dead_letter_url=dead)
    states = json.loads("{" + example("Queues", "json") + "}")
    states["Wait for payment"]["Parameters"]["QueueUrl"] = queue
    execution = world.cloud.start(world.cloud.machine("documented", states), "documented-1", {"orderId": "order-4711"})
    with world.broker("documented", config, namespace="payments") as broker:
        check_equal(broker.wait_for_task("order-4711")["heartbeatTimeout"], "600s", "the heartbeat timeout")
        broker.shell("""tokenctl succeed --key order-4711 --output '{"paid": true}'""")
        an_execution_ends(execution, "SUCCEEDED", {"paid": True})


def the_pattern_as_it_stands(world):
    """sfn-tasktoken-lambda's own message: there is no key in it, so its task is found by looking."""
    queue = world.cloud.queue("pattern")
    config = at(world, example("Queues", "yaml", 1).replace(" url: ", f" region: {REGION}\n      url: "), url=queue)
    states = json.loads("{" + example("Queues", "json", 1) + "}")
    states["Start Task And Wait For Callback"]["Parameters"]["QueueUrl"] = queue
    machine = world.cloud.machine("pattern", {**states, "Success": {"Type": "Succeed"}, "Fail": {"Type": "Fail"}})
    execution = world.cloud.start(machine, "pattern-1", {})
    with world.broker("pattern", config, namespace="started") as broker:
        task = wait_for("its task", lambda: broker.shell("tokenctl list -o id").strip())
        shown = json.loads(broker.shell(f"tokenctl get {task} -o json"))
        check_equal(shown["summary"], "Task started by Step Functions. Waiting for callback with task token.", "the summary")
        check_equal(shown["input"]["TaskToken"], "[task token]", "what stands where the token stood")
        broker.shell(f"""tokenctl succeed {task} --output '{{"done": true}}'""")
        an_execution_ends(execution, "SUCCEEDED", {"done": True})


def the_coffee_shop(world):
    """Its two events go through a rule and an API destination of EventBridge to the HTTP door."""
    bus, shop = "the key of the event bus", "the key of the shop"
    config = at(world, example("Events", "yaml")) + KEYS.format(
        **{name: hashlib.sha256(key.encode()).hexdigest() for name, key in (("bus", bus), ("shop", shop))})
    with world.broker("coffee", config, namespace="coffee", api_key=shop) as broker:
        world.cloud.bus_to("Serverlesspresso", example("Events", "json"),
                           f"http://{broker.http}/v1/namespaces/coffee/events", bus)
        execution = world.cloud.start(world.cloud.machine("coffee", coffee_states()), "coffee-1",
                                      {"detail": {"orderId": "1", "userId": "testuser"}})
        for number, (key, summary) in enumerate((("1", "The workflow waits for your order."), ("42", None)), 1):
            task = broker.wait_for_task(key)
            check_equal(task.get("summary"), summary, "the summary")
            # Whoever answers before the state listens is not heard there.
            wait_for("the state to wait", lambda: count_submitted(execution) == number)
            broker.shell(f"""tokenctl succeed --key {key} --output '{{"orderId": 1}}'""")
        ended = execution.ended()
        check_equal(ended["status"], "SUCCEEDED", "the execution")
        check_equal(json.loads(ended["output"])["order"], {"orderId": 1}, "the order")
        check_equal(broker.count_tasks(), 2, "tasks")
        task = broker.task("1")
        check_equal((task["labels"]["user"], task["issuedBy"]), ("testuser", "key:eventbridge"), "whose it is")


def count_submitted(execution):
    return sum(event["type"] == "TaskSubmitted" for event in execution.history())


def coffee_states():
    """Those two of the workshop's workflow that wait, and what makes the order's number between them."""
    def emits(detail_type, heartbeat, **detail):
        entry = {"Detail": {"TaskToken.$": "$$.Task.Token", "orderId.$": "$.detail.orderId", "userId.$": "$.detail.userId",
                            **detail},
                 "DetailType": detail_type, "EventBusName": "Serverlesspresso", "Source": "awsserverlessda.serverlesspresso"}
        return {"Type": "Task", "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken",
                "HeartbeatSeconds": heartbeat, "Parameters": {"Entries": [entry]}}
    return {
        "Emit - Workflow Started TT": {"ResultPath": None, **emits(
            "OrderProcessor.WorkflowStarted", 300, Message="The workflow waits for your order.")},
        "Generate Order Number": {"Type": "Pass", "Result": {"Payload": {"orderNumber": 42}}, "ResultPath": "$.Order"},
        "Emit - Awaiting Completion TT": {"ResultPath": "$.order", **emits(
            "OrderProcessor.WaitingCompletion", 900, **{"orderNumber.$": "$.Order.Payload.orderNumber"})}}


ALIKE = (the_documented_queue, the_pattern_as_it_stands)
WITH_DESTINATIONS = (the_coffee_shop,)
