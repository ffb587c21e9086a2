"""How each client is installed, and by which name it raises an error."""
import pathlib
import shutil

from drivers import packages

HERE = pathlib.Path(__file__).resolve().parent
MODELLED = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken", "InvalidOutput")


class Python:
    def __init__(self, package, player):
        self.package, self.player = package, player

    def install(self, folder):
        commands = packages.install_python(folder, [self.package])
        return [str(commands / "python"), str(HERE / "players" / self.player)]


class Boto3(Python):
    def class_of(self, error):
        return error if error in MODELLED else ""


class Cli(Python):
    def class_of(self, error):
        return ""


class JavaScript:
    def install(self, folder):
        def install_sdk(target):
            packages.run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", target, packages.JAVASCRIPT_SDK)
        packages.install_once(folder, packages.JAVASCRIPT_SDK, install_sdk)
        # Modules are looked for beside the script.
        shutil.copy(HERE / "players" / "javascript.mjs", folder / "player.mjs")
        return ["node", str(folder / "player.mjs")]

    def class_of(self, error):
        return error if error in MODELLED else ""


class Java:
    def install(self, folder):
        def fetch_sdk(target):
            shutil.copytree(HERE / "java", target / "project")
            packages.run("mvn", "-B", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={target}/lib",
                         folder=target / "project")
        packages.install_once(folder, (HERE / "java/pom.xml").read_text(), fetch_sdk)
        packages.run("javac", "-cp", folder / "lib/*", "-d", folder / "classes", HERE / "java/Player.java")
        return ["java", "-cp", f"{folder}/lib/*:{folder}/classes", "Player"]

    def class_of(self, error):
        return error + "Exception" if error in MODELLED else ""


ALL = {
    "boto3": Boto3(packages.BOTO3, "boto3_player.py"),
    "cli": Cli(packages.AWS_CLI, "cli_player.py"),
    "javascript": JavaScript(),
    "java": Java(),
}
