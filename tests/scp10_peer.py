#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""
A peer of SCP10 written from doc/scp10.md alone: it follows every session of tests/vectors with the
private keys, works out each value that is written there and each protected byte on the wire, and
compares. It shares no code with the project. A changed digit in a message must be found, too.

    tests/scp10_peer.py FOLDER
"""
import glob
import hashlib
import os
import re
import struct
import sys
import warnings

warnings.simplefilter("ignore")  # of a library that finds 3DES old
from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: E402
from scp10_primitives import (  # noqa: E402
    Wrong,
    aes,
    check,
    cmac,
    des,
    hkdf,
    oaep_block,
    objects,
    pad,
    pkcs1_block,
    rsa,
    signature_is_right,
    tlv,
    unpad,
    xor,
)

SUITES = {0x42: 0, 0x02: 1, 0x01: 2}  # place among the keys
OID_RSA = bytes.fromhex("04007F000702020201")
OID_AT = bytes.fromhex("04007F000703010202")
OID_SUITE = bytes.fromhex("698380E8DEEEE2DBA281E387D2D9969C9999CE46")
AID = b"\xf0Intaglio\x01"
NAMES = {(0xB4, 0x10): "C-MAC key", (0xB4, 0x20): "R-MAC key", (0xB8, 0x10): "C-ENC key", (0xB8, 0x20): "R-ENC key"}
COMMAND, RESPONSE = 0x10, 0x20  # usages
ROLE_ISSUER = 2


def split_apdu(apdu):
    """(header, data); Le is not looked at"""
    header, body = apdu[:4], apdu[4:]
    if len(body) < 2 or body[0] == 0 and len(body) == 3:
        return header, b""
    n, at = (int.from_bytes(body[1:3], "big"), 3) if body[0] == 0 else (body[0], 1)
    check(len(body) >= at + n, "Lc")
    return header, body[at : at + n]


class Certificate:
    def __init__(self, data):
        ((tag, value, self.whole),) = objects(data)
        (_, fields, self.body), (_, self.signature, _) = objects(value)
        check(tag == 0x7F21, "7F21")
        fields = objects(fields)
        tags = [t for t, _, _ in fields]
        check(tags[:7] == [0x5F29, 0x42, 0x7F49, 0x5F20, 0x7F4C, 0x5F25, 0x5F24] and tags[7:] in ([], [0x65]), "7F4E")
        self.signer, self.holder = fields[1][1], fields[3][1]
        self.key_object = fields[2][2]
        (_, oid, _), (_, modulus, _), (_, exponent, _) = objects(fields[2][1])
        check(oid[:-1] == OID_RSA, "7F49")
        self.scheme = oid[-1]
        self.modulus, self.exponent = int.from_bytes(modulus, "big"), int.from_bytes(exponent, "big")
        (_, oid, _), (_, bits, _) = objects(fields[4][1])
        check(oid == OID_AT and len(bits) == 5, "7F4C")
        self.issues = bits[0] & 0xC0 != 0
        self.roles = int.from_bytes(bits, "big") >> 29 & 15
        self.suite = None
        if tags[7:]:
            (_, template, _) = objects(fields[7][1])[0]
            (_, oid, _), (_, suite, _) = objects(template)
            check(oid == OID_SUITE, "65")
            self.suite = suite[0]

    def verify(self, by):
        encoded = rsa(self.signature, by.exponent, by.modulus)
        check(by.issues and self.signer == by.holder, "who signed a certificate")
        check(signature_is_right(by.scheme, self.body, encoded), "a certificate's signature")


class Session:
    """One session of a file: what both ends know together, and the lines that follow from it."""

    def __init__(self, preamble, keys):
        one = dict(preamble)
        self.keys = keys
        self.trust = Certificate(one["trust point"])
        self.hosts = [Certificate(v) for n, v in preamble if n == "host certificate"]
        self.presented = []
        self.cards = [Certificate(v) for n, v in preamble if n == "card certificate"]
        self.card = self.cards[-1]
        self.card_id = one["card id"]
        self.by_use = one.get("key numbering") == b"\x01"
        self.lines = []
        self.suite = None
        self.up = self.one_counter = False
        self.counters = {}
        self.channel = 0
        self.check_certificates(preamble)

    def put(self, name, value):
        self.lines.append((name, value))

    def check_chain(self, chain):
        """(roles of all, roles without the last one's), both the trust point's too"""
        signer, roles = self.trust, self.trust.roles
        check(1 <= len(chain) <= 4, "a chain's length")
        for certificate in chain:
            certificate.verify(signer)
            signer, before, roles = certificate, roles, roles & certificate.roles
        return roles, before

    def check_certificates(self, preamble):
        roles, _ = self.check_chain(self.hosts)
        _, issuers = self.check_chain(self.cards)
        self.host = self.hosts[-1]
        check(roles and issuers & ROLE_ISSUER and self.card.roles == 0, "roles")
        check(not self.host.issues and not self.card.issues, "ends of chains")
        check(self.card.holder[-8:] == self.card_id, "the card's id")
        self.host_id = self.host.holder[-8:]
        for name, value in preamble:
            self.put(name, value)

    # The set-up

    def environment(self, header, data):
        (a, algorithm, _), (b, _, _), (c, reference, _) = objects(data)
        check((a, b, c) == (0x80, 0x83, 0x84) and algorithm[0] == 0x10, "MSE")
        self.suite, self.p1, self.p2 = algorithm[1], header[2], header[3]
        check(self.p1 in ((0xC1,) if self.suite != 2 else (0x81, 0xC1)), "P1")
        check(self.p2 in ((0xB6,) if self.suite == 0x42 else (0xA4, 0xB6)), "P2")
        check(self.host.suite == self.card.suite == self.suite, "suites of the keys")
        self.host_key, self.card_key = self.keys[1 + SUITES[self.suite]], self.keys[4 + SUITES[self.suite]]
        check(self.host_key.public_numbers.n == self.host.modulus, "the host's key")
        check(self.card_key.public_numbers.n == self.card.modulus, "the card's key")
        if self.p2 == 0xA4:
            self.presented = list(self.hosts)

    def present(self, data):
        certificate = Certificate(data)
        check(certificate.whole == self.hosts[len(self.presented)].whole, "the chain")
        self.presented.append(certificate)

    def raw(self, name, data, key, private):
        numbers = key.public_numbers
        out = rsa(data, key.d if private else numbers.e, numbers.n)
        self.put(name, out)
        return out

    def templates(self, block):
        """The block's level and [(tag, usage, key or b'')]; names start counters."""
        (tag, level, _), *rest = objects(block)
        check(tag == 0xD3 and len(level) == 1 and rest, "D3")
        self.block, self.level = block, level[0]
        self.put("block", block)
        self.put("level", level)
        self.parts = []
        for tag, value, _ in rest:
            (first, usage, _), *more = objects(value)
            fields = {t: v for t, v, _ in more}
            check(tag in (0xB4, 0xB8) and first == 0x95 and set(fields) <= {0x80, 0xD1, 0x91}, "a template")
            self.parts.append((tag, usage[0], fields.get(0xD1, b"")))
            if tag == 0xB4 and usage[0] == 0x30:
                self.one_counter = True
            for use in (COMMAND, RESPONSE):
                if tag == 0xB4 and usage[0] & use:
                    self.counters[use] = int.from_bytes(fields.get(0x91, b""), "big")
        if self.suite == 0x42:
            check(level == b"\x33" and len(block) == 171, "the block of 42")
            check([p[:2] for p in self.parts] == list(NAMES), "the templates of 42")

    def name_keys(self, numbered=None):
        """Keys of the templates, or those that numbered gives."""
        self.key = {}
        places = {0xB4: 1, 0xB8: 2, "DEK": 5}
        for tag, usage, key in self.parts:
            kind = "DEK" if usage & 0xC0 else tag
            if numbered:
                key = numbered(places[kind])
                places[kind] += 1 if kind == "DEK" else 2
            if kind == "DEK":
                self.put("DEK", numbered(5) if numbered and self.by_use else key)
            for use in (COMMAND, RESPONSE):
                if usage & use:
                    if numbered and self.by_use:
                        key = numbered((1 if tag == 0xB4 else 3) + (use == RESPONSE))
                    self.key[tag, use] = key
                    self.put(NAMES[tag, use], key)
        if self.one_counter:
            self.put("start counter of both directions", struct.pack(">Q", self.counters[COMMAND]))
            return
        for use, bit, name in ((COMMAND, 0x01, "commands"), (RESPONSE, 0x10, "answers")):
            if self.level & bit:
                self.put("start counter of " + name, struct.pack(">Q", self.counters[use]))

    def decipher(self, data):
        encoded = self.raw("encoded block", data, self.card_key, True)
        self.templates(oaep_block(encoded) if self.suite == 0x42 else pkcs1_block(encoded))
        self.name_keys()

    def bound(self, signer):
        if self.suite != 0x42:
            return b""
        host = hashlib.sha256(self.host.key_object).digest()
        card = hashlib.sha256(self.card.key_object).digest()
        self.put("hash of the host's 7F49", host)
        self.put("hash of the card's 7F49", card)
        return bytes([0x80, 0x02, 0x10, 0x42, signer, self.p1, self.p2]) + host + card

    def signature(self, message, data, key):
        digest = hashlib.sha256 if self.suite == 0x42 else hashlib.sha1
        self.put("signed", message)
        self.put("hash", digest(message).digest())
        encoded = self.raw("encoded signature", data, key, False)
        check(signature_is_right(4 if self.suite == 0x42 else 1, message, encoded), "a signature")

    def recover(self, data, receiver, signer, rest):
        n = signer.public_numbers.n
        signature = self.raw("signature", data, receiver, True)
        x = int.from_bytes(signature, "big")
        check(x <= (n - 1) // 2, "the larger of two numbers")
        number = int.from_bytes(rsa(signature, signer.public_numbers.e, n), "big")
        if number & 15 != 12:
            number = n - number
        block = number.to_bytes(len(signature), "big")
        self.put("recovered block", block)
        hashed = block[1:-21] + rest
        self.put("hashed", hashed)
        self.put("hash", hashlib.sha1(hashed).digest())
        check(block[0] == 0x6A and block[-1] == 0xBC, "a recovered block")
        check(hashlib.sha1(hashed).digest() == block[-21:-1], "the hash of a recovered block")
        return block[1:-21]

    def external(self, data):
        check(len(self.presented) == len(self.hosts), "a chain that was shown")
        if self.suite == 0x01:
            message = self.recover(data, self.card_key, self.host_key, self.challenge + self.card_id)
            self.oes = message[-32:]
            self.put("OES", self.oes)
            at = next(i for i in range(1, len(message)) if self.is_block(message[i:-32]))
            self.templates(message[at:-32])
        else:
            self.signature(self.bound(0x82) + self.block + self.challenge, data, self.host_key)
        self.up = self.p1 == 0x81

    @staticmethod
    def is_block(data):
        try:
            tags = [t for t, _, _ in objects(data)]
        except (Wrong, IndexError):
            return False
        return data[:2] == b"\xd3\x01" and len(tags) > 1 and set(tags[1:]) <= {0xB4, 0xB8}

    def internal(self, data, answer):
        size = 8 if self.suite == 0x01 else 16
        check(len(data) == size + 8 and data[size:] == self.host_id, "the host's id")
        if self.suite == 0x01:
            cs = self.recover(answer, self.host_key, self.card_key, data)[-32:]
            self.put("CS", cs)
            mixed = xor(self.oes, cs)
            self.put("OES xor CS", mixed)
            start = self.oes[:4] + cs[:4] if self.by_use else cs[28:] + self.oes[28:]
            self.counters = {use: int.from_bytes(start, "big") for use in (COMMAND, RESPONSE)}
            self.name_keys(lambda n: hashlib.sha1(mixed + struct.pack(">I", n)).digest()[:16])
        else:
            keys = b"".join(key for _, _, key in self.parts)
            self.signature(self.bound(0x88) + keys + data[:16], answer, self.card_key)
            if self.suite == 0x42:
                self.put("DEK", hkdf(keys, b"intaglio scp10 dek", 32))
        self.up = True

    # Secure messaging

    def counter(self, use):
        return COMMAND if self.one_counter else use

    def cipher(self, use):
        """cipher function, block, IV"""
        if self.suite != 0x42:
            return des, 8, bytes(8)
        return aes, 16, aes(self.key[0xB8, use], struct.pack(">QQ", 0, self.counters[use]))

    def mac(self, use, data):
        counter = self.counter(use)
        value = self.counters[counter]
        key = self.key[0xB4, use]
        self.counters[counter] = value + 1
        if self.suite == 0x42:
            data = struct.pack(">QQ", 0, value) + data
            blocks = cmac(key, data)
            self.put("MAC input", data)
            self.put("MAC chain", blocks[:-16])
            self.put("whole MAC", blocks[-16:])
            return blocks[-16:-8]
        icv = des(key[:8], struct.pack(">Q", value))
        data = pad(data, 8)
        blocks = des(key[:8], data, iv=icv)
        mac = des(key[:8], des(key[8:], blocks[-8:], False))
        for name, value in (("ICV", icv), ("MAC input", data), ("MAC chain", blocks), ("MAC", mac)):
            self.put(name, value)
        return mac

    def protect(self, use, header, plain, tail, with_mac, with_cipher):
        """The data field that carries plain; tail: 97 and Le or 99 and SW."""
        out = b""
        if with_mac:
            self.put("counter", struct.pack(">Q", self.counters[self.counter(use)]))
        if plain and with_cipher:
            function, block, iv = self.cipher(use)
            padded = pad(plain, block)
            self.put("IV", iv)
            self.put("padded", padded)
            self.put("data", plain)
            cryptogram = function(self.key[0xB8, use], padded, True, iv)
            out = tlv(0x87 if with_mac else 0x86, b"\x01" + cryptogram)
        elif plain:
            out = tlv(0x81, plain)
        out += tail
        if with_mac:
            out += tlv(0x8E, self.mac(use, header + out))
        return out

    def read(self, use, data, with_cipher):
        """(plain data, what stands after it, other than 8E) of a protected data field."""
        plain, tail = b"", b""
        for tag, value, whole in objects(data):
            if tag in (0x86, 0x87):
                check(with_cipher and value[0] == 1, "a cryptogram")
                function, _, iv = self.cipher(use)
                plain = unpad(function(self.key[0xB8, use], value[1:], False, iv))
            elif tag == 0x81:
                plain = value
            elif tag != 0x8E:
                check(tag in (0x96, 0x97, 0x99), "an object")
                tail += whole
        return plain, tail

    def protected_command(self, header, data):
        with_mac, with_cipher = self.level & 0x01, self.level & 0x02
        plain, tail = self.read(COMMAND, data, with_cipher)
        if not with_mac and not (with_cipher and plain):
            check(False, "a protected command that should be plain")
        check(tail[:1] in (b"", b"\x97" if with_mac else b"\x96"), "the tag of Le")
        head = bytes([header[0] & 0x80]) + header[1:] + b"\x80\x00\x00\x00"
        check(self.protect(COMMAND, head, plain, tail, with_mac, with_cipher) == data, "a protected command")

    def protected_answer(self, data, sw):
        with_mac, with_cipher = self.level & 0x10, self.level & 0x20
        if not data or not (with_mac or with_cipher):
            return
        check(self.suite == 0x42 or sw[0] in (0x90, 0x62, 0x63), "an error that is protected")
        plain, tail = self.read(RESPONSE, data, with_cipher)
        check(tail == (tlv(0x99, sw) if with_mac else b""), "the tag of SW")
        check(self.protect(RESPONSE, b"", plain, tail, with_mac, with_cipher) == data, "a protected answer")

    # Whole commands and answers

    def is_protected(self, cla):
        return cla & 0x20 if cla & 0x40 else cla & 0x0C

    def command(self, header, data):
        cla, ins, p1, p2 = header
        self.channel = 4 + (cla & 15) if cla & 0x40 else cla & 3
        if self.is_protected(cla):
            expected = 0x20 if cla & 0x40 else 0x0C if self.level & 0x01 else 0x08
            check(self.up and cla & (0x20 if cla & 0x40 else 0x0C) == expected, "CLA")
            self.protected_command(header, data)
        elif self.up:
            check(not self.level & 0x01 and not (self.level & 0x02 and data), "a plain command in a session")
        elif ins == 0xA4:
            check(header[1:] == b"\xa4\x04\x00" and data == AID, "SELECT")
        elif ins == 0x22:
            self.environment(header, data)
        elif (ins, p1, p2) == (0x2A, 0x00, 0xBE):
            self.present(data)
        elif (ins, p1, p2) == (0x2A, 0x80, 0x84):
            self.decipher(data)
        elif ins == 0x82:
            self.external(data)
        else:
            check(ins in (0x70, 0x84, 0x88, 0xCA), "an unknown command")

    def answer(self, header, data, answer, sw):
        ins = header[1]
        if self.up:
            self.protected_answer(answer, sw)
            return
        check(sw == b"\x90\x00", "an error in the set-up")
        if ins == 0xA4:
            ((tag, value, _),) = objects(answer)
            fci = {t: v for t, v, _ in objects(dict((t, v) for t, v, _ in objects(value))[0xA5])}
            check(tag == 0x6F and list(fci) == list(range(0xC1, 0xC9)) and fci[0xC5] == self.card_id, "FCI")
        elif ins == 0xCA:
            check(answer == b"".join(c.whole for c in self.cards), "GET DATA")
        elif ins == 0x84:
            self.challenge = answer
            check(len(answer) == (8 if self.suite == 0x01 else 16), "the challenge")
        elif ins == 0x88:
            self.internal(data, answer)


def read_session(text):
    """(values before the first APDU, [(command, its lines, answer, its lines)])"""
    preamble, exchanges, lines = [], [], None
    for line in text.splitlines():
        if line.startswith(">"):
            exchanges.append([bytes.fromhex(line[2:]), [], b"", []])
            lines = exchanges[-1][1]
        elif line.startswith("<"):
            exchanges[-1][2] = bytes.fromhex(line[2:])
            lines = exchanges[-1][3]
        elif line.startswith("  "):
            name, value = line.strip().split(" = ") if " = " in line else (line.strip(" ="), "")
            (preamble if lines is None else lines).append((name, bytes.fromhex(value)))
    return preamble, exchanges


def follow(text, keys):
    """Goes through a session and returns how many values were worked out."""
    preamble, exchanges = read_session(text)
    session = Session(preamble, keys)
    count, gathered, answered, header = 0, b"", b"", b""
    for command, inside, answer, inside_answer in exchanges:
        session.lines = []
        head, data = split_apdu(command)
        if head[1] != 0xC0:
            header, gathered, answered = head, gathered + data, b""
            if head[0] & 0x10:
                check(answer == b"\x90\x00", "a part of a chain")
                check(not inside and not inside_answer, "values of a part")
                continue
            session.command(header, gathered)
        check(session.lines == inside, "the values of %s" % command[:8].hex())
        count += len(session.lines)
        session.lines = []
        answered += answer[:-2]
        if answer[-2] == 0x61:
            check(not inside_answer, "values of a part")
            continue
        session.answer(header, gathered, answered, answer[-2:])
        gathered = b""
        check(session.lines == inside_answer, "the values of the answer to %s" % command[:8].hex())
        count += len(session.lines)
    check(session.up, "a session")
    return count + len(preamble)


def flipped(text, keys):
    """One digit of each long message changed must be found; how many were not."""
    missed, lines = 0, text.split("\n")
    for i, line in enumerate(lines):
        if line[:1] not in ("<", ">") or len(line) < 40:
            continue
        if line[4:6] == "A4" or line.startswith(("< 6F", "< 0000000000000000")):
            continue  # SELECT and answers that no key protects
        at = -10  # before SW, or before the outer Le
        changed = line[:at] + ("1" if line[at] == "0" else "0") + line[at + 1 :]
        try:
            follow("\n".join(lines[:i] + [changed] + lines[i + 1 :]), keys)
            missed += 1
            print("not found: line %d, %.60s" % (i + 1, line))
        except (Wrong, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
            pass
    return missed


def main():
    folder = sys.argv[1]
    with open(os.path.join(folder, "scp10-keys.pem"), "rb") as f:
        pems = re.findall(rb"-----BEGIN.*?-----END PRIVATE KEY-----\n", f.read(), re.S)
    keys = [load_pem_private_key(pem, None).private_numbers() for pem in pems]
    passed = failed = 0
    for path in sorted(glob.glob(os.path.join(folder, "scp10-*.txt"))):
        with open(path, encoding="ascii") as f:
            text = f.read()
        name = os.path.basename(path)
        try:
            count = follow(text, keys)
            missed = flipped(text, keys)
        except Wrong as e:
            count, missed = 0, 1
            print("FAIL %s: %s" % (name, e))
        passed, failed = (passed, failed + 1) if missed else (passed + 1, failed)
        print("%s %s: %d values" % ("FAIL" if missed else "ok  ", name, count))
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
