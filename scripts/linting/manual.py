"""The manual pages name each command and option that there is, and no other command; and mandoc has nothing to say of them.

SPDX-License-Identifier: MPL-2.0
"""
import glob
import os
import re
import shutil
import subprocess

from scripts.linting import tree
from scripts.linting.tree import Finding

RULE = "manual"
COMMANDS = "cli/main.c"
SHARED = "cli/line.c"
PAGE = "docs/man/mesh.1"
DAEMON = ("convention/admin/meshd.c", "docs/man/meshd.8")

ROW = re.compile(r'^    \{(NULL|"[a-z]+"), "([a-z]+)", (cmd_\w+),', re.MULTILINE)
SECTION = re.compile(r"^\.SS mesh ([a-z]+(?: [a-z]+)?)(?= \\|\n)(.*?)(?=^\.S[SH] |\Z)", re.MULTILINE | re.DOTALL)
OPTION = re.compile(r'^    \{"([a-z-]+)", |^    (CLI_\w+_OPTIONS),', re.MULTILINE)
MACRO = r"^#define %s\b(?:.*\\\n)*.*"


def check(sources, root):
    by_path = {source.path: source for source in sources}
    if SHARED in by_path:
        yield from check_options(by_path, by_path[SHARED], tree.Source(root, PAGE).text.partition(".SH COMMANDS")[0], PAGE)
    if COMMANDS in by_path:
        yield from check_commands(by_path, tree.Source(root, PAGE))
    if DAEMON[0] in by_path:
        yield from check_options(by_path, by_path[DAEMON[0]], tree.Source(root, DAEMON[1]).text, DAEMON[1])
    yield from mandoc(root)


def check_commands(by_path, page):
    """Each row of the table of commands has a section, in which the options of its file stand."""
    sections = {match.group(1): match for match in SECTION.finditer(page.text)}
    texts = {}
    for row in ROW.finditer(by_path[COMMANDS].text):
        name = " ".join(word.strip('"') for word in row.groups()[:2] if word != "NULL")
        path = next(path for path, source in by_path.items() if f"\nint {row.group(3)}(int argc" in source.text)
        if name not in sections:
            yield by_path[COMMANDS].finding(row.start(), RULE, f"{PAGE} has no section for mesh {name}")
        else:
            texts[path] = texts.get(path, "") + sections.pop(name).group(2)
    for name, match in sections.items():
        yield page.finding(match.start(), RULE, f"there is no command mesh {name}")
    for path, text in texts.items():
        yield from check_options(by_path, by_path[path], text, PAGE)


def check_options(by_path, source, text, page):
    for match in OPTION.finditer(source.text):
        for name in [match.group(1)] if match.group(1) else options_of(by_path, match.group(2)):
            if "\\-\\-" + name.replace("-", "\\-") not in text:
                yield source.finding(match.start(), RULE, f"{page} does not name the option --{name} there")


def options_of(by_path, macro):
    """The names of the options in a macro of a header."""
    for path, source in by_path.items():
        defined = re.search(MACRO % macro, source.text, re.MULTILINE) if path.endswith(".h") else None
        if defined:
            return re.findall(r"\"([a-z-]+)\", '.'", defined.group())
    return []


def mandoc(root):
    pages = sorted(glob.glob("docs/man/*", root_dir=root))
    if pages and not shutil.which("mandoc"):
        yield Finding("scripts/install-deps", 1, RULE, "mandoc is not installed; scripts/install-deps does it")
    elif pages:
        command = ["mandoc", "-T", "lint", "-W", "warning", *pages]
        said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout
        for match in re.finditer(r"^mandoc: ([^:]+):(\d+):\d+: (.*)$", said, re.MULTILINE):
            yield Finding(os.path.normpath(match.group(1)), int(match.group(2)), RULE, match.group(3))
