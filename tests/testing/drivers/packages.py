"""What drivers install, below a folder that is kept between runs."""
import fcntl
import shutil
import subprocess
import sys

# The exit code that says that something could not be installed.
SKIPPED = 77

# Of one version each: what passed yesterday meets the same today.
BOTO3 = "boto3==1.44.5"
AWS_CLI = "awscli==1.46.3"
MOTO = "moto[server,sqs,stepfunctions]==5.2.5"
JAVASCRIPT_SDK = "@aws-sdk/client-sfn@3.1162.0"
# Newer ones of the last four break its start.
LOCALSTACK = ("localstack-core[runtime]==2026.3.0", "cbor2<6", "pyopenssl<26", "localstack-twisted==25.5.0",
              "moto-ext==5.1.25")
UV = "uv==0.13.9"


def run(*command, folder=None, environment=None):
    """What it printed. It has our environment: a proxy may be the way to a registry."""
    done = subprocess.run([str(part) for part in command], cwd=folder, env=environment, check=True, capture_output=True,
                          text=True, timeout=900)
    return done.stdout


def install_once(folder, wanted, make):
    """Has make(folder) fill the folder unless it has what is wanted, a text; a half-made one is made anew. Drivers that run at
    the same time may share a folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.with_name(folder.name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = folder / "installed"
        if stamp.exists() and stamp.read_text() == wanted:
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        make(folder)
        stamp.write_text(wanted)


def install_python(folder, packages, python=sys.executable):
    """Packages in an environment of their own; its folder of commands."""
    def make(target):
        run(python, "-m", "venv", target / "venv")
        run(target / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages)
    install_once(folder, "\n".join([str(python), *packages]), make)
    return folder / "venv/bin"


def or_skip(name, install, *arguments):
    """What install(*arguments) returns. Where that is not possible the driver ends with SKIPPED, and says why."""
    try:
        return install(*arguments)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"skipped: {name} cannot be installed: {error}", getattr(error, "stderr", None) or "", sep="\n", file=sys.stderr)
        sys.exit(SKIPPED)
