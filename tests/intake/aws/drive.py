#!/usr/bin/env python3
"""Tokens of Step Functions go through a real broker, beside AWS as others play it. See README.md."""
import argparse
import pathlib
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "testing"))

import activity_stories  # noqa: E402
import documented_stories  # noqa: E402
import execution_stories  # noqa: E402
import queue_stories  # noqa: E402
import recorded_activity_stories  # noqa: E402
import role_stories  # noqa: E402
import verdict_stories  # noqa: E402
from drivers.moto import Moto, install_moto  # noqa: E402
from drivers.packages import or_skip  # noqa: E402
from localstack import LocalStack, install_localstack  # noqa: E402
from world import World  # noqa: E402

ALIKE = execution_stories.STORIES + verdict_stories.STORIES + documented_stories.ALIKE


class Player:
    """One that plays AWS: how it is installed, what it is, what it can do."""

    def __init__(self, install, cloud, stories):
        self.install, self.cloud, self.stories = install, cloud, stories


PLAYERS = {
    "moto": Player(install_moto, Moto, queue_stories.STORIES + ALIKE + role_stories.STORIES +
                   recorded_activity_stories.STORIES),
    "localstack": Player(install_localstack, LocalStack, activity_stories.STORIES + ALIKE +
                         documented_stories.WITH_DESTINATIONS),
}


def play(story, world):
    """Whether it went well."""
    began = time.monotonic()
    world.brokers.clear()
    try:
        story(world)
        print(f"ok     {story.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        return True
    except Exception:  # it must not hide the others
        print(f"WRONG  {story.__name__}:\n{traceback.format_exc()}")
        for broker in world.brokers:
            print(broker.last_words(), flush=True)
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, help="the folder with tokenbroker and tokenctl")
    parser.add_argument("--against", choices=PLAYERS, default="moto", help="who plays AWS")
    parser.add_argument("--cache", help="where it is installed; build/aws-NAME")
    parser.add_argument("--only", default="", help="stories whose names hold this")
    arguments = parser.parse_args()
    player = PLAYERS[arguments.against]
    cache = pathlib.Path(arguments.cache or f"build/aws-{arguments.against}").resolve()
    command = or_skip(arguments.against, player.install, cache)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        cloud = player.cloud(command, folder)
        try:
            world = World(cloud, arguments.bin, folder)
            results = [play(story, world) for story in player.stories if arguments.only in story.__name__]
            return 0 if results and all(results) else 1
        finally:
            cloud.stop()


if __name__ == "__main__":
    sys.exit(main())
