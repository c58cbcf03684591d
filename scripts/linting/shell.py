"""Shell scripts are bash in strict mode, and shellcheck has nothing to say of them.

SPDX-License-Identifier: MPL-2.0
"""
import json
import os
import shutil
import subprocess

from scripts.linting.tree import Finding

RULE = "shell"


def check(sources, root):
    scripts = [source for source in sources if source.is_shell]
    for source in scripts:
        strict = "set -euo pipefail" in source.text or "lib.bash" in source.text
        if not strict:
            yield source.finding(0, RULE, "no set -euo pipefail")
    yield from shellcheck([source.path for source in scripts], root)


def shellcheck(paths, root):
    if not paths:
        return
    if not shutil.which("shellcheck"):
        yield Finding("scripts/install-deps", 1, RULE, "shellcheck is not installed; scripts/install-deps does it")
        return
    command = ["shellcheck", "--format=json", "--external-sources", *paths]
    said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    for item in json.loads(said.stdout or "[]"):
        path = os.path.relpath(os.path.join(root, item["file"]), root)
        yield Finding(path, item["line"], RULE, f"SC{item['code']}: {item['message']}")
