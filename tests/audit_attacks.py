#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Attacks on an export by somebody who can write all of its files and make every hash, and who lacks
nothing but the ledger's key. Each must be found by `intaglio audit verify`, with the number of the
record. usage: audit_attacks.py INTAGLIO KEY AUTHORITY EXPORT OLDER-EXPORT FORK
OTHER-LEDGER"""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys

intaglio, key, authority, export, older, fork, other = sys.argv[1:]
passed = failed = 0


def verify(directory, *more):
    done = subprocess.run([intaglio, "audit", "verify", directory, "--json", "--key", key,
                           "--authority", authority, *more],
                          capture_output=True, text=True, check=False)
    found = json.loads(done.stdout) if done.stdout else None
    return done.returncode, found


def say(sentence, good):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAIL", sentence)


def finds(sentence, directory, kind, record=None, *more):
    code, found = verify(directory, *more)
    good = code == 1 and found and not found["valid"] and any(
        f["kind"] == kind and (record is None or f.get("record") == record)
        for f in found["findings"])
    say(sentence, good)
    if not good:
        print("     |", code, found and found["findings"])


def mth(hashes):
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return hashlib.sha256(b"\1" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def read(directory):
    """The leaves of an export of fewer than 256 entries."""
    with open(os.path.join(directory, "checkpoint"), encoding="utf-8") as file:
        size = int(file.read().split("\n")[1])
    with open(os.path.join(directory, "tile/entries/000.p", str(size)), "rb") as file:
        data = file.read()
    leaves = []
    while data:
        length = int.from_bytes(data[:2], "big")
        leaves.append(data[2:2 + length])
        data = data[2 + length:]
    return leaves


def put(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def forge(name, leaves, tiles=True, checkpoint=True):
    """An export with these leaves, its tiles and checkpoint made to fit, its signature kept."""
    shutil.rmtree(name, ignore_errors=True)
    os.mkdir(name)
    for file in ("key", "certificate"):
        shutil.copy(os.path.join(export, file), name)
    hashes = [hashlib.sha256(b"\0" + leaf).digest() for leaf in leaves]
    size = str(len(leaves))
    put(os.path.join(name, "tile/entries/000.p", size),
        b"".join(len(leaf).to_bytes(2, "big") + leaf for leaf in leaves))
    put(os.path.join(name, "tile/0/000.p", size), b"".join(hashes))
    if not tiles:
        shutil.rmtree(os.path.join(name, "tile/0"))
        shutil.copytree(os.path.join(export, "tile/0"), os.path.join(name, "tile/0"))
    with open(os.path.join(export, "checkpoint"), encoding="utf-8") as file:
        lines = file.read().split("\n")
    if checkpoint:
        lines[1] = size
        lines[2] = base64.b64encode(mth(hashes)).decode()
    put(os.path.join(name, "checkpoint"), "\n".join(lines).encode())


leaves = read(export)
last = len(leaves) - 1
code, found = verify(export)
say("the export is in order", code == 0 and found["valid"] and not found["notices"])

finds("a record altered in place", forge("a", leaves[:2] + [leaves[2][:-1] + b"?"] + leaves[3:],
                                         False, False) or "a", "record", 2)
finds("and with the tiles made to fit",
      forge("a", leaves[:2] + [leaves[2][:-1] + b"?"] + leaves[3:], True, False) or "a", "tree")
finds("and the checkpoint too", forge("a", leaves[:2] + [leaves[2][:-1] + b"?"] + leaves[3:]) or "a",
      "checkpoint")
finds("a record dropped from the middle", forge("a", leaves[:2] + leaves[3:]) or "a", "gap", 2)
finds("under the old checkpoint", forge("a", leaves[:2] + leaves[3:], True, False) or "a", "record",
      last)
finds("the last record dropped", forge("a", leaves[:-1]) or "a", "checkpoint")
finds("under the old checkpoint", forge("a", leaves[:-1], True, False) or "a", "record", last)
finds("a record repeated", forge("a", leaves[:3] + leaves[2:]) or "a", "gap", 3)
finds("its counter too", "a", "counter", 3)
finds("a record repeated in another's place",
      forge("a", leaves[:3] + [leaves[2]] + leaves[4:], True, False) or "a", "gap", 3)
finds("a bundle and its tile gone", shutil.rmtree("a/tile") or "a", "record", 0)
swapped = leaves[:2] + [leaves[3], leaves[2]] + leaves[4:]
finds("two records swapped", forge("a", swapped, True, False) or "a", "gap", 2)
finds("the second of them", "a", "gap", 3)
finds("the tree", "a", "tree")
finds("and with the tiles left", forge("a", swapped, False, False) or "a", "record", 3)
foreign = read(other)
finds("a record of another card", forge("a", leaves[:2] + [foreign[2]] + leaves[3:]) or "a",
      "ledger", 2)
finds("under the old checkpoint",
      forge("a", leaves[:2] + [foreign[2]] + leaves[3:], True, False) or "a", "tree")
forked = read(fork)
assert len(forked) == len(leaves) and forked != leaves
finds("a record of the same card's other history",
      forge("a", leaves[:-1] + [forked[-1]], False, False) or "a", "record", last)
finds("and with the tiles made to fit",
      forge("a", leaves[:-1] + [forked[-1]], True, False) or "a", "tree")
finds("another ledger's export", other, "checkpoint")
finds("the tiles missing", forge("a", leaves) or shutil.rmtree("a/tile/0") or "a", "tree", 0)
forge("a", leaves, True, False)
say("a rebuilt export without a change is in order", verify("a")[0] == 0)
put("a/tile/0/000.p/%d" % last, b"x" * 32 * last)
finds("an older tile that is not the tree's", "a", "tree")

head = os.path.join(export, "checkpoint")
say("the previous head is continued",
    verify(export, "--previous", os.path.join(older, "checkpoint"))[0] == 0)
say("and continues itself", verify(export, "--previous", head)[0] == 0)
say("an older export by itself is in order", verify(older)[0] == 0)
finds("a card set back is found by the previous head", older, "previous", None, "--previous", head)
say("another history by itself is in order", verify(fork)[0] == 0)
finds("and is found by the previous head", fork, "previous", None, "--previous", head)
finds("also by an earlier one", export, "previous", None, "--previous",
      os.path.join(fork, "checkpoint"))
finds("a previous head of another ledger", export, "previous", None, "--previous",
      os.path.join(other, "checkpoint"))
say("a previous head that is not there is none", verify(export, "--previous", "nothing")[0] == 4)
print("%d passed, %d failed" % (passed, failed))
sys.exit(failed != 0)
