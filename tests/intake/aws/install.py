"""Python packages in an environment of their own, below a folder that is kept between runs."""
import shutil
import subprocess

# The exit code that says that something could not be installed.
SKIPPED = 77


def install(folder, python, packages):
    """Unless that was done; a half-made one is made anew. The environment's folder of commands."""
    stamp, wanted = folder / "installed", "\n".join([str(python), *packages])
    if not stamp.exists() or stamp.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for command in ([python, "-m", "venv", folder / "venv"],
                        [folder / "venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", *packages]):
            subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, timeout=600)
        stamp.write_text(wanted)
    return folder / "venv/bin"
