"""LocalStack: Step Functions with activities, and an EventBridge that calls API destinations. Needs a Python 3.13."""
import glob
import os
import shutil
import subprocess
import sys

from drivers import packages
from drivers.cloud import Cloud
from drivers.loopback import free_port, open_url
from drivers.processes import Server

VERSION = "3.13"


class NoPython(OSError):
    """Nor can one be had."""


def says_version(python):
    try:
        said = subprocess.run([python, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
                              capture_output=True, text=True, timeout=60)
    except OSError:
        return False
    return said.stdout.strip() == VERSION


def installed_python():
    """One that this machine has; None if it has none."""
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    candidates = [shutil.which(f"python{VERSION}"), sys.executable,
                  *sorted(glob.glob(f"{pyenv}/versions/{VERSION}*/bin/python{VERSION}"))]
    return next((python for python in candidates if python and says_version(python)), None)


def fetched_python(folder):
    """One that uv fetches."""
    try:
        uv = packages.install_python(folder / "uv", [packages.UV]) / "uv"
        environment = {**os.environ, "UV_PYTHON_INSTALL_DIR": str(folder / "pythons"), "UV_CACHE_DIR": str(folder / "cache")}
        packages.run(uv, "python", "install", "--no-bin", VERSION, environment=environment)
        return packages.run(uv, "python", "find", "--managed-python", VERSION, environment=environment).strip()
    except subprocess.SubprocessError as error:
        raise NoPython(f"no Python {VERSION} here, and uv fetches none: {getattr(error, 'stderr', error)}") from None


def install_localstack(folder):
    """The command that starts it. NoPython where there is none."""
    python = installed_python() or fetched_python(folder / "python")
    commands = packages.install_python(folder / "localstack", packages.LOCALSTACK, python)
    return [str(commands / "python"), "-m", "localstack.runtime.main"]


class LocalStack(Cloud):
    account, says_of_ended = "000000000000", "InvalidToken"

    def __init__(self, command, folder):
        self.python = command[0]
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self.server = Server("LocalStack", command, folder / "localstack.log", {
            "FILESYSTEM_ROOT": str(folder / "localstack"), "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_HOST": f"127.0.0.1:{port}", "SQS_ENDPOINT_STRATEGY": "off", "OVERRIDE_IN_DOCKER": "0",
            "EAGER_SERVICE_LOADING": "0", "SKIP_SSL_CERT_DOWNLOAD": "1", "DISABLE_EVENTS": "1", "DNS_ADDRESS": "0",
            "SERVICES": "stepfunctions,sqs,events,sts,iam,secretsmanager"}, folder)
        self.server.await_start(self._is_up, 180)

    def bus_to(self, bus, pattern, url, key):
        """An event bus whose events of this pattern are POSTed to a URL by an API destination, with an API key."""
        self.events("CreateEventBus", Name=bus)
        secret = {"ApiKeyAuthParameters": {"ApiKeyName": "Authorization", "ApiKeyValue": "Bearer " + key}}
        connection = self.events("CreateConnection", Name=bus, AuthorizationType="API_KEY", AuthParameters=secret)
        destination = self.events("CreateApiDestination", Name=bus, ConnectionArn=connection["ConnectionArn"],
                                  InvocationEndpoint=url, HttpMethod="POST")
        self.events("PutRule", Name=bus, EventBusName=bus, EventPattern=pattern)
        self.events("PutTargets", Rule=bus, EventBusName=bus, Targets=[
            {"Id": "broker", "Arn": destination["ApiDestinationArn"], "RoleArn": f"arn:aws:iam::{self.account}:role/any"}])

    def _is_up(self):
        try:
            open_url(self.endpoint + "/_localstack/health", timeout=5).read()
            return True
        except OSError:
            return False

    def stop(self):
        self.server.stop()
