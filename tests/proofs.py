#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Inclusion and consistency proofs of an export, verified by RFC 9162, 2.1.3.2 and 2.1.4.2, for every
record and every pair of some sizes. usage: proofs.py INTAGLIO EXPORT SIZE"""

import base64
import hashlib
import subprocess
import sys

intaglio, export, size = sys.argv[1], sys.argv[2], int(sys.argv[3])


def run(*words):
    return subprocess.run([intaglio, "ledger", *words], capture_output=True, text=True, check=True).stdout


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def leaf_hashes():
    hashes = []
    for n in range((size + 255) // 256):
        width = min(256, size - 256 * n)
        name = "%s/tile/entries/%03d%s" % (export, n, "" if width == 256 else ".p/%d" % width)
        with open(name, "rb") as file:
            data = file.read()
        while data:
            length = int.from_bytes(data[:2], "big")
            hashes.append(hashlib.sha256(b"\0" + data[2:2 + length]).digest())
            data = data[2 + length:]
    return hashes


def included(index, leaf, proof, root):
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        assert sn
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def consistent(first, second, first_root, second_root, proof):
    if first == second:
        return not proof and first_root == second_root
    if first & (first - 1) == 0:
        proof = [first_root] + proof
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        if not sn:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return fr == first_root and sr == second_root and sn == 0


def mth(d):
    if len(d) == 1:
        return d[0]
    k = 1
    while k * 2 < len(d):
        k *= 2
    return node(mth(d[:k]), mth(d[k:]))


leaves = leaf_hashes()
assert len(leaves) == size
with open(export + "/checkpoint", encoding="utf-8") as file:
    note = file.read()
signed = base64.b64decode(note.split("\n")[2])
count = 0
picked = sorted({0, 1, 2, 3, size // 2, 254, 255, 256, 257, size - 2, size - 1} & set(range(size)))
for index in picked:
    head, rest = run("proof", export, str(index)).split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1" and lines[1] == "index %d" % index, lines
    assert rest == note
    assert included(index, leaves[index], [base64.b64decode(x) for x in lines[2:]], signed), index
    count += 1
for first in picked[1:]:
    for second in (s for s in picked + [size] if s >= first):
        lines = run("consistency", export, str(first), str(second)).split("\n")[:-1]
        roots = [base64.b64decode(line.split(" ")[2]) for line in lines[:2]]
        assert roots == [mth(leaves[:first]), mth(leaves[:second])], (first, second)
        assert consistent(first, second, *roots, [base64.b64decode(x) for x in lines[2:]]), (first, second)
        count += 1
print("%d proofs hold" % count)
