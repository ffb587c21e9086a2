"""Who settles may wait for the engine's own verdict."""
import json

from drivers.cloud import sends_and_waits
from drivers.waiting import check_equal


def the_engine_s_verdict_is_told(world):
    queue, config = world.queue_to_states("verdicts")
    patient = world.cloud.machine("patient", {"Wait": sends_and_waits(queue)})
    hasty = world.cloud.machine("hasty", {"Wait": sends_and_waits(queue, TimeoutSeconds=1)})
    goes_on = world.cloud.start(patient, "patient-1", {"orderId": "o-on"})
    gives_up = world.cloud.start(hasty, "hasty-1", {"orderId": "o-off"})
    with world.broker("verdicts", config) as broker:
        broker.wait_for_task("o-on")
        broker.wait_for_task("o-off")
        check_equal(gives_up.ended()["error"], "States.Timeout", "the hasty execution")

        # Over HTTP.
        answer = broker.succeed("o-on", 1, waitForDelivery="60s")
        check_equal((answer["verdict"], answer["delivery"]["state"], answer["delivery"]["answerCode"]),
                    ("VERDICT_ACCEPTED", "DELIVERY_STATE_DELIVERED", "OK"), "what is told")
        check_equal(goes_on.ended()["status"], "SUCCEEDED", "the execution")
        again = broker.succeed("o-on", 1, waitForDelivery="60s")
        check_equal((again["verdict"], again["delivery"]["state"]), ("VERDICT_REPLAYED", "DELIVERY_STATE_DELIVERED"),
                    "what is told again")

        # Over gRPC.
        told = broker.shell("tokenctl succeed --key o-off --output 1 --wait-for-delivery 1m -o json", code=12)
        told = json.loads(told)
        check_equal((told["verdict"], told["delivery"]["state"], told["delivery"]["answer_code"]),
                    ("ACCEPTED", "DEAD_LETTERED", world.cloud.says_of_ended), "what is told")
        plain = broker.shell("tokenctl succeed --key o-off --output 1 --wait-for-delivery 1m", code=12)
        check_equal(plain.splitlines()[1], f"DEAD_LETTERED {world.cloud.says_of_ended}", "what is told again")
        check_equal(broker.task("o-off")["state"], "TASK_STATE_SUCCEEDED", "what the broker keeps")


STORIES = (the_engine_s_verdict_is_told,)
