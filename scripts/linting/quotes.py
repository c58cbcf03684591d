"""Code that a page of the tutorial quotes is what the file says that is named before it, line by line.

SPDX-License-Identifier: MPL-2.0
"""
import glob
import os
import re

from scripts.linting import tree

RULE = "quotes"
PAGES = "docs/tutorial/*.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"From \[[^\]]*\]\(([^)]+)\):\n\n\Z")
SESSION = "console"  # tests/tutorial/run compares these


def check(root):
    for path in sorted(glob.glob(PAGES, root_dir=root)):
        page = tree.Source(root, path)
        for block in BLOCK.finditer(page.text):
            if block.group(1) != SESSION:
                yield from check_block(root, page, block)


def check_block(root, page, block):
    named = NAMED.search(page.text, 0, block.start())
    if not named:
        yield page.finding(block.start(), RULE, "no file is named before that code: From [name](path):")
        return
    path = os.path.normpath(os.path.join(os.path.dirname(page.path), named.group(1)))
    if not os.path.exists(os.path.join(root, path)):
        yield page.finding(block.start(), RULE, f"there is no file {path}")
    elif "\n" + block.group(2) not in "\n" + tree.Source(root, path).text:
        yield page.finding(block.start(), RULE, f"{path} does not say that")
