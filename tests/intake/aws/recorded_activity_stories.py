"""Activities as recorded: how two tasks fare beside each other, and that a question that is held holds nothing else."""
from recorded_activity import RecordedActivity
from drivers.waiting import check, check_equal, wait_for

CONFIG = """intake:
  activities:
    - name: review
      arn: arn:aws:states:us-east-1:123456789012:activity:review
      endpoint: {endpoint}
      pollers: 2
      namespace: loans
      key: $.applicationId
"""


def recorded_activity_tasks_are_taken(world):
    activity = RecordedActivity([{"taskToken": "AQC-1", "input": '{"applicationId":"a-1"}'},
                                 {"taskToken": "AQC-2", "input": '{"number":2}'}])
    broker = world.broker("recorded", CONFIG.format(endpoint=activity.endpoint), namespace="loans")
    try:
        check_equal(broker.wait_for_task("a-1")["labels"]["activity"], "review", "the label")
        failed = wait_for("the failure", lambda: activity.failed)[0]
        check(failed["taskToken"] == "AQC-2" and "is not in the message" in failed["cause"], f"failed {failed}")
        wait_for("both pollers to ask again", lambda: activity.questions == 4)
        check_equal(broker.stop(), 0, "its exit code")
        check("AQC-" not in (broker.folder / "log").read_text(), "a token stands in the log")
    finally:
        broker.process.kill()
        activity.stop()


STORIES = (recorded_activity_tasks_are_taken,)
