"""Each file opens with a comment whose first sentence says what it is, and names its license.

For a C file with a header of its name beside it, the header may say it for both.

SPDX-License-Identifier: MPL-2.0
"""
import re

RULE = "opening"
C_OPENING = re.compile(r"/\* ?([A-Za-z`<].*?)\*/", re.DOTALL)
SCRIPT_OPENING = re.compile(r'(?:#![^\n]*\n)?(?:# ([^\n]*(?:\n#[^\n]*)*)|"""(.*?)""")', re.DOTALL)
SENTENCE = re.compile(r"(?!SPDX-)[A-Za-z`<].{8,}?[.:?](?:\s|$)", re.DOTALL)
EMPTY = re.compile(r"\s*$")


def check(sources):
    headers = {source.path for source in sources if source.path.endswith(".h")}
    for source in sources:
        if EMPTY.match(source.text):
            continue
        match = (C_OPENING if source.is_c else SCRIPT_OPENING).match(source.text)
        words = next((group for group in match.groups() if group), "") if match else ""
        told_by_header = source.path.endswith(".c") and source.path[:-1] + "h" in headers and words.startswith("SPDX-")
        if not SENTENCE.match(words) and not told_by_header:
            yield source.finding(0, RULE, "the file does not open with a comment whose first sentence says what it is")
        elif "SPDX-License-Identifier: MPL-2.0" not in source.text and not source.path.startswith("examples/"):
            yield source.finding(0, RULE, "the opening comment lacks SPDX-License-Identifier: MPL-2.0")
