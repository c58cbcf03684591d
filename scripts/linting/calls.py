"""Calls that are banned: unbounded, unsafe with threads or signals, or waiting without waiting for anything.

SPDX-License-Identifier: MPL-2.0
"""
import re

RULE = "calls"
SLEEP_RULE = "sleeps"

BANNED = {
    "strcpy": "copy with a length",
    "strcat": "use struct text of mesh/base/bytes.h",
    "sprintf": "use snprintf or struct text",
    "vsprintf": "use vsnprintf",
    "gets": "read with a length",
    "strtok": "keep your own place in the text",
    "atoi": "use strtol and look at its end",
    "atol": "use strtol and look at its end",
    "atof": "use strtod and look at its end",
    "scanf": "parse with strtol",
    "system": "start programs without a shell",
    "popen": "start programs without a shell",
    "signal": "use sigaction, unless for SIG_DFL or SIG_IGN",
    "alloca": "the stack has no status for full",
    "rand": "use mesh/base/prng.h",
    "srand": "use mesh/base/prng.h",
    "random": "use mesh/base/prng.h",
    "localtime": "logs are in UTC",
    "localtime_r": "logs are in UTC",
    "gethostbyname": "use getaddrinfo",
    "tmpnam": "use mkstemp",
    "mktemp": "use mkstemp",
}
CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\((?![^,()]*, SIG_(?:DFL|IGN)\))")

# What goes by the time of day jumps with it (S6E): the log alone tells it.
TIME_OF_DAY = re.compile(r"\bCLOCK_REALTIME\b|(?<![\w.>])(?:gettimeofday|time)\s*\(")
TELLS_TIME = "mesh/runtime/log.c"

# The one place where tests may wait by time: for a thing, with a deadline.
WAITERS = "tests/support/wait"
SLEEPS = {
    "c": re.compile(r"(?<![\w.>])(?:(?:u|nano|clock_nano|zclock_)?sleep|thrd_sleep)\s*\("),
    "python": re.compile(r"\btime\.sleep\("),
    "shell": re.compile(r"(?:^|[;&|({]|\bdo|\bthen|\belse)[ \t]*sleep\s", re.MULTILINE),
}


def check(sources):
    for source in sources:
        if source.is_c:
            for match in CALL.finditer(source.code):
                name = match.group(1)
                yield source.finding(match.start(1), RULE, f"{name}() is banned: {BANNED[name]}")
        if source.is_c and not source.is_test and source.path != TELLS_TIME:
            for match in TIME_OF_DAY.finditer(source.code):
                yield source.finding(match.start(), RULE, f"the time of day is for {TELLS_TIME} alone: use clock_now_ns()")
        if source.is_test and not source.path.startswith((WAITERS, "tests/lint/")):
            yield from sleeps(source)


def sleeps(source):
    kind = "c" if source.is_c else "python" if source.is_python else "shell"
    for match in SLEEPS[kind].finditer(source.code if source.is_c else source.text):
        yield source.finding(match.end() - 1, SLEEP_RULE, f"a test waits for a thing, with a deadline ({WAITERS}*)")
