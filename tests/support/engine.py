"""A Docker engine for a test: the one that runs here, or one of the test's own, which leaves nothing behind.

SPDX-License-Identifier: MPL-2.0
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

from wait import wait_for

START_S = 60


def say(text):
    print(text, flush=True)


class Engine:
    """`environment` is that of commands that use it; empty, when there is none, and why was said."""

    def __init__(self):
        self.environment = {}
        self.process = None
        self.directory = None

    def __enter__(self):
        if not shutil.which("docker"):
            say("skipped: there is no docker")
        elif self.answers(os.environ):
            self.environment = dict(os.environ)
        elif os.geteuid() != 0 or not shutil.which("dockerd"):
            say("skipped: no Docker engine answers, and none can be started: that takes root, and dockerd")
        else:
            self.start()
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait(START_S)
        if self.directory:
            subprocess.run(["find", self.directory, "-xdev", "-name", "netns", "-exec", "umount", "--recursive", "{}", ";"], check=False,
                           capture_output=True)
            shutil.rmtree(self.directory, ignore_errors=True)

    @staticmethod
    def answers(environment):
        return subprocess.run(["docker", "info"], env=environment, capture_output=True, check=False).returncode == 0

    def start(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="engine."))
        host = f"unix://{self.directory}/sock"
        environment = {**os.environ, "DOCKER_HOST": host}
        with open(self.directory / "log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["dockerd", "--host", host, "--data-root", self.directory / "data", "--exec-root",
                                             self.directory / "exec", "--pidfile", self.directory / "pid"],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        wait_for(lambda: self.process.poll() is not None or self.answers(environment), START_S, "dockerd answers")
        if self.process.poll() is None:
            self.environment = environment
        else:
            tail = (self.directory / "log").read_text(encoding="utf-8").splitlines()[-3:]
            say("skipped: dockerd does not start here:\n" + "\n".join(tail))

    def need_image(self, image, suite):
        """Has it pulled, or made by debootstrap where no registry can be reached."""
        if subprocess.run(["docker", "image", "inspect", image], env=self.environment, capture_output=True, check=False).returncode == 0:
            return
        if subprocess.run(["docker", "pull", image], env=self.environment, capture_output=True, check=False).returncode == 0:
            return
        say(f"{image} cannot be pulled: it is made by debootstrap")
        with tempfile.TemporaryDirectory(prefix="root.") as root:
            subprocess.run(["debootstrap", "--variant=minbase", suite, root], check=True, stdout=subprocess.DEVNULL)
            with subprocess.Popen(["tar", "-C", root, "-c", "."], stdout=subprocess.PIPE) as tar:
                subprocess.run(["docker", "import", "-", image], env=self.environment, stdin=tar.stdout, check=True,
                               stdout=subprocess.DEVNULL)
