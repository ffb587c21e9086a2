"""What every story has at hand: AWS as somebody else plays it, and a broker of its own with an intake."""
import json

from drivers.broker import Broker
from drivers.cloud import KEY, REGION

QUEUE = """intake:
  queues:
    - name: callbacks
      url: {queue}
      dead_letter_url: {dead}
      region: {region}
      visibility_timeout: 5s
      namespace: orders
      token: $.TaskToken
      key: $.Input.orderId
      input: $.Input
"""
TARGET = """      target: sfn
targets:
  sfn:
    kind: step_functions
    region: {region}
    endpoint: {endpoint}
"""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"}
RESULT = 'tokenbroker_intake_tasks_total{{intake="{}",result="{}"}}'
BEATS = 'tokenbroker_upstream_beats_total{target="sfn",code="OK"}'


class World:
    def __init__(self, cloud, binaries, folder):
        self.cloud, self.binaries, self.folder = cloud, binaries, folder
        # Those of the story that is being played.
        self.brokers = []

    def queues(self, name, suffix="", **account):
        """A queue, the one for its bad messages, and an intake of the first."""
        queue, dead = (self.cloud.queue(name + ending + suffix, **account) for ending in ("", "-dead"))
        return queue, dead, QUEUE.format(queue=queue, dead=dead, region=REGION)

    def queue_to_states(self, name, intake="", target=""):
        """A queue, and a configuration that takes its tasks and sends what becomes of them to Step Functions, with these
        settings besides."""
        queue, _, config = self.queues(name)
        return queue, config + intake + TARGET.format(region=REGION, endpoint=self.cloud.endpoint) + target

    def broker(self, name, config, namespace="orders", environment=None, **options):
        broker = Broker(self.binaries, self.folder / name, config, namespace,
                        environment=CREDENTIALS | (environment or {}), **options)
        self.brokers.append(broker)
        return broker

    def send(self, queue, token, order, **more):
        body = json.dumps({"TaskToken": token, "Input": {"orderId": order}})
        self.cloud.sqs("SendMessage", QueueUrl=queue, MessageBody=body, **more)
