"""How each client is installed, and by which name it raises an error."""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
MODELLED = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken", "InvalidOutput")


def run(*command, cwd=None):
    subprocess.run([str(part) for part in command], cwd=cwd, check=True, capture_output=True, text=True, timeout=900)


def once(folder, install):
    """Installs into a folder unless that was done; a half-made one is made anew."""
    stamp = folder / "installed"
    if not stamp.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        install(folder)
        stamp.write_text("")


class Python:
    def __init__(self, packages, player):
        self.packages, self.player = packages, player

    def install(self, folder):
        def venv(target):
            run(sys.executable, "-m", "venv", target / "venv")
            run(target / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", *self.packages)
        once(folder, venv)
        return [str(folder / "venv/bin/python"), str(HERE / "players" / self.player)]


class Boto3(Python):
    def class_of(self, error):
        return error if error in MODELLED else ""


class Cli(Python):
    def class_of(self, error):
        return ""


class JavaScript:
    def install(self, folder):
        def packages(target):
            run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", target, "@aws-sdk/client-sfn@^3.900.0")
        once(folder, packages)
        # Modules are looked for beside the script.
        shutil.copy(HERE / "players" / "javascript.mjs", folder / "player.mjs")
        return ["node", str(folder / "player.mjs")]

    def class_of(self, error):
        return error if error in MODELLED else ""


class Java:
    def install(self, folder):
        def compile_player(target):
            shutil.copytree(HERE / "java", target / "project")
            run("mvn", "-B", "-q", "dependency:copy-dependencies", "-DoutputDirectory=" + str(target / "lib"),
                cwd=target / "project")
        once(folder, compile_player)
        run("javac", "-cp", folder / "lib/*", "-d", folder / "classes", HERE / "java/Player.java")
        return ["java", "-cp", f"{folder}/lib/*:{folder}/classes", "Player"]

    def class_of(self, error):
        return error + "Exception" if error in MODELLED else ""


ALL = {
    "boto3": Boto3(["boto3>=1.40"], "boto3_player.py"),
    "cli": Cli(["awscli>=1.40"], "cli_player.py"),
    "javascript": JavaScript(),
    "java": Java(),
}
