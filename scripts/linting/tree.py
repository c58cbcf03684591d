"""The files of a tree, and C text without its comments or without its code.

SPDX-License-Identifier: MPL-2.0
"""
import functools
import os
import re
import subprocess

# A comment, a string, a character, or anything else, whichever comes first.
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


class Finding:
    """One place that breaks a rule, and how to mend it."""

    def __init__(self, path, line, rule, text):
        self.path, self.line, self.rule, self.text = path, line, rule, text

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text} [{self.rule}]"


class Source:
    """A text file of the tree; its path is relative to the root."""

    def __init__(self, root, path):
        self.path = path
        with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
            self.text = file.read()

    @property
    def is_c(self):
        return self.path.endswith((".c", ".h"))

    @property
    def is_test(self):
        return self.path.startswith("tests/")

    @functools.cached_property
    def is_shell(self):
        return self.path.endswith((".sh", ".bash")) or re.match(r"#!.*\b(?:ba)?sh\b", self.text) is not None

    @functools.cached_property
    def is_python(self):
        return self.path.endswith(".py") or re.match(r"#!.*\bpython3?\b", self.text) is not None

    @functools.cached_property
    def code(self):
        """C with comments and the insides of strings blanked; lines and columns stay."""
        return TOKEN.sub(lambda token: _blank(token.group(), keep_quotes=True), self.text)

    @functools.cached_property
    def comments(self):
        """C with everything but comments blanked."""
        parts, end = [], 0
        for token in TOKEN.finditer(self.text):
            parts.append(_blank(self.text[end : token.start()]))
            is_comment = token.group().startswith("/")
            parts.append(token.group() if is_comment else _blank(token.group()))
            end = token.end()
        return "".join(parts) + _blank(self.text[end:])

    def finding(self, offset, rule, text):
        return Finding(self.path, self.text.count("\n", 0, offset) + 1, rule, text)


def _blank(text, keep_quotes=False):
    quote = keep_quotes and text[0] in "\"'"
    blank = re.sub(r"[^\n]", " ", text)
    return text[0] + blank[1:-1] + text[-1] if quote else blank


def paths(root):
    """The paths of the tree: what git knows or would add; all files where there is no git."""
    if os.path.exists(os.path.join(root, ".git")):
        command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
        return sorted({path for path in listed if path and os.path.isfile(os.path.join(root, path))})
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in ("build", ".git", "__pycache__")]
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names]
    return sorted(found)


def sources(root):
    """All programs of the tree: C, shell and Python."""
    every = (Source(root, path) for path in paths(root) if not is_data(path))
    return [source for source in every if source.is_c or source.is_shell or source.is_python]


def is_data(path):
    """Inputs of fuzz targets are bytes, whatever they look like."""
    return "/corpus/" in path
