"""Words that mean unfinished do not come into the tree.

SPDX-License-Identifier: MPL-2.0
"""
import re

RULE = "words"
MARKS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|X" r"XX|HA" r"CK)\b")
PHRASES = re.compile(r"\b(?:for n" r"ow|not (?:yet )?implem" r"ented|place" r"holder|work in prog" r"ress)\b", re.IGNORECASE)


def check(sources):
    for source in sources:
        for match in MARKS.finditer(source.text):
            yield source.finding(match.start(), RULE, f"{match.group()}: finish it, or leave it out")
        for match in PHRASES.finditer(source.comments if source.is_c else source.text):
            yield source.finding(match.start(), RULE, f'"{match.group()}": say what is, or leave it out')
