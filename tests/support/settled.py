"""What the counters of a node say: for all that wait until nothing is open.

SPDX-License-Identifier: MPL-2.0
"""


def are_settled(count):
    """All that was accepted has a fate, and nothing is in flight."""
    fates = count["handled"] + count["returned"] + count["dead"] + count["abandoned"]
    return count["in_flight"] == 0 and count["accepted"] == fates
