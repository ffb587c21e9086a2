"""The broker has an account of its own, and works in others by their roles. Needs an STS that gives keys of accounts."""
from drivers.cloud import REGION, sends_and_waits
from drivers.waiting import check_equal, wait_for

OTHER_ACCOUNT = "210987654321"
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/task-token-broker"
# Its own account does not know the other's tokens: that shows that the role is what it takes.
CONFIG = """      target: theirs
targets:
  theirs: {{kind: step_functions, region: {region}, endpoint: "{endpoint}", role_arn: "{role}", external_id: shared}}
  own: {{kind: step_functions, region: {region}, endpoint: "{endpoint}"}}
"""


def executions_of_another_account_go_on(world):
    key = world.cloud.key_of(ROLE)
    queue, _, config = world.queues("accounts")
    config += CONFIG.format(region=REGION, endpoint=world.cloud.endpoint, role=ROLE)
    machine = world.cloud.machine("accounts", {"Wait": sends_and_waits(queue)}, key, OTHER_ACCOUNT)
    check_equal(machine.split(":")[4], OTHER_ACCOUNT, "the machine's account")
    execution = world.cloud.start(machine, "accounts-1", {"orderId": "o-theirs"}, key)
    with world.broker("accounts", config, environment={"AWS_ENDPOINT_URL_STS": world.cloud.endpoint}) as broker:
        broker.wait_for_task("o-theirs")
        broker.shell("tokenctl succeed --key o-theirs --output 1 --wait-for-delivery 1m")
        check_equal(execution.ended()["status"], "SUCCEEDED", "the execution")

        waits = world.cloud.start(machine, "accounts-2", {"orderId": "o-unknown"}, key)
        wait_for("its task", lambda: broker.task("o-unknown"))
        broker.shell("tokenctl cancel --key o-unknown")
        broker.shell('printf "%s\\n" "$TOKEN" > token; tokenctl issue --key o-own --target own --upstream-token-file token',
                     TOKEN=waits.token())
        refused = broker.shell("tokenctl succeed --key o-own --output 1 --wait-for-delivery 1m", code=12)
        check_equal(refused.splitlines()[1], f"DEAD_LETTERED {world.cloud.says_of_ended}", "in its own account")
        check_equal(waits.now()["status"], "RUNNING", "the other execution")


def queues_of_another_account_are_read(world):
    key = world.cloud.key_of(ROLE)
    queue, _, config = world.queues("lent", key=key)
    config += f'      role_arn: "{ROLE}"\n'
    check_equal(queue.split("/")[-2], OTHER_ACCOUNT, "the queue's account")
    world.send(queue, "AQC-lent", "o-lent", key=key)
    with world.broker("lent", config, environment={"AWS_ENDPOINT_URL_STS": world.cloud.endpoint}) as broker:
        broker.wait_for_task("o-lent")
        wait_for("an empty queue", lambda: world.cloud.is_empty(queue, key=key))


STORIES = (executions_of_another_account_go_on, queues_of_another_account_are_read)
