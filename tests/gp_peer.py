# SPDX-License-Identifier: BSD-2-Clause
"""A card manager's client over PC/SC, from the GlobalPlatform Card Specification and Amendment D alone.

gp_peer.py READER: with the key sets of gp_keys.c authenticates over SCP03 and SCP02 (i = 15 and 55) at every
level, lists in both formats, loads, installs, personalises, puts keys, takes the card through its life, deletes, and
tries what must be refused. gp_peer.py READER lock, unlock, terminate: no more than that. It shares no code with the project but
the block ciphers' wrappers; readers are reached through PyScard.
"""

import os
import sys

from smartcard.System import readers

from scp10_primitives import aes, check, des, pad, unpad, xor
from scp10_primitives import cmac as cmac_blocks

VERSION, VERSION_15, VERSION_55 = 0x30, 0x20, 0x21
KEYS = [bytes((k + 1) << 4 | i for i in range(16)) for k in range(3)]
ISD = bytes.fromhex("A000000151000000")
TOKEN = bytes.fromhex("F0496E7461676C696F01")
PACKAGE, MODULE = bytes.fromhex("F00102030405"), bytes.fromhex("F0010203040501")
INSTANCE, DOMAIN = bytes.fromhex("F0010203040502"), bytes.fromhex("F00102030406")


class Reader:
    """A connection of PyScard's, and GET RESPONSE."""

    def __init__(self, name):
        self.connection = next(r for r in readers() if str(r) == name).createConnection()
        self.connection.connect()

    def once(self, apdu):
        data, sw1, sw2 = self.connection.transmit(list(apdu))
        return bytes(data), sw1 << 8 | sw2

    def send(self, apdu):
        data, word = self.once(apdu)
        while word >> 8 == 0x61:
            more, word = self.once(bytes([apdu[0] & 3, 0xC0, 0, 0, word & 0xFF]))
            data += more
        return data, word


def cmac(key, data):
    return cmac_blocks(key, data)[-16:]


def derive(key, constant, context, bits):
    """Amendment D 4.1.5: counter mode over CMAC."""
    blocks = b"".join(cmac(key, bytes(11) + bytes([constant, 0]) + bits.to_bytes(2, "big") + bytes([i]) + context)
                      for i in range(1, 1 + (bits + 127) // 128))
    return blocks[:bits // 8]


class Session03:
    """SCP03, S8."""

    parameters = "SCP03"
    levels = (0x01, 0x03, 0x11, 0x13, 0x33)

    def __init__(self, reader, level, keys=None, version=VERSION):
        self.reader, self.level, self.number = reader, level, 0
        enc, mac, self.dek = keys or KEYS
        host = os.urandom(8)
        answer, word = reader.send(bytes([0x80, 0x50, version, 0, 8]) + host + b"\0")
        check(word == 0x9000 and len(answer) == 29, f"INITIALIZE UPDATE: {word:04X}")
        check(answer[10] == version and answer[11] == 3, "another key set")
        context = host + answer[13:21]
        self.enc, self.mac, self.rmac = (derive(enc, 4, context, 128), derive(mac, 6, context, 128),
                                         derive(mac, 7, context, 128))
        check(answer[21:29] == derive(self.mac, 0, context, 64), "the card's cryptogram")
        self.chain = bytes(16)
        self.cryptogram = derive(self.mac, 1, context, 64)

    def wrap(self, cla, ins, p1, p2, data):
        header = bytes([cla | 4, ins, p1, p2, len(data) + 8])
        self.chain = cmac(self.mac, self.chain + header + data)
        return header + data + self.chain[:8] + b"\0"

    def authenticate(self):
        return self.reader.send(self.wrap(0x80, 0x82, self.level, 0, self.cryptogram))[1]

    def counter(self, answer):
        number = bytearray(self.number.to_bytes(16, "big"))
        number[0] |= 0x80 if answer else 0
        return aes(self.enc, bytes(number))

    def send(self, ins, p1, p2, data=b"", cla=0x80):
        self.number += 1
        if self.level & 2 and data:
            data = aes(self.enc, pad(data, 16), iv=self.counter(False))
        answer, word = self.reader.send(self.wrap(cla, ins, p1, p2, data))
        if word == 0x9000 or word >> 8 in (0x62, 0x63):
            if self.level & 0x10:
                answer, mac = answer[:-8], answer[-8:]
                check(mac == cmac(self.rmac, self.chain + answer + word.to_bytes(2, "big"))[:8], "the R-MAC")
            if self.level & 0x20 and answer:
                answer = unpad(aes(self.enc, answer, encrypt=False, iv=self.counter(True)))
        return answer, word


    def key_data(self, fresh):
        """The data of PUT KEY behind its version, and the check values that are answered."""
        checks = [aes(key, b"\x01" * 16)[:3] for key in fresh]
        data = (b"\x88\x11\x10" + aes(self.dek, key) + b"\x03" + kcv for key, kcv in zip(fresh, checks))
        return b"".join(data), b"".join(checks)


def retail(key, data, iv):
    """ISO 9797-1 algorithm 3 over whole blocks."""
    for i in range(0, len(data) - 8, 8):
        iv = des(key[:8], xor(iv, data[i:i + 8]))
    return des(key, xor(iv, data[-8:]))


class Session02:
    """SCP02, GPCS Appendix E: i = 15, and 55, whose card challenge can be computed."""

    parameters = "SCP02 i=15"
    levels = (0x01, 0x03)
    version = VERSION_15
    ins80 = ()

    def __init__(self, reader, level, keys=None, version=None):
        version = version or self.version
        self.reader, self.level = reader, level
        enc, mac, dek = keys or KEYS
        host = os.urandom(8)
        answer, word = reader.send(bytes([0x80, 0x50, version, 0, 8]) + host + b"\0")
        check(word == 0x9000 and len(answer) == 28, f"INITIALIZE UPDATE: {word:04X}")
        check(answer[10] == version and answer[11] == 2, "another key set")
        self.counter, card = answer[12:14], answer[12:20]
        self.enc, self.mac, self.dek = (des(key, bytes([1, constant]) + self.counter + bytes(12))
                                        for key, constant in ((enc, 0x82), (mac, 0x01), (dek, 0x81)))
        self.challenge, self.last = answer[14:20], None
        check(answer[20:] == des(self.enc, pad(host + card, 8))[-8:], "the card's cryptogram")
        self.cryptogram = des(self.enc, pad(card + host, 8))[-8:]

    def wrap(self, cla, ins, p1, p2, data, encrypt):
        iv = bytes(8) if self.last is None else des(self.mac[:8], self.last)
        header = bytes([cla if ins in self.ins80 else cla | 4, ins, p1, p2])
        self.last = retail(self.mac, pad(header + bytes([len(data) + 8]) + data, 8), iv)
        if encrypt and data:
            data = des(self.enc, pad(data, 8))
        return header + bytes([len(data) + 8]) + data + self.last + b"\0"

    def authenticate(self):
        return self.reader.send(self.wrap(0x80, 0x82, self.level, 0, self.cryptogram, False))[1]

    def send(self, ins, p1, p2, data=b"", cla=0x80):
        return self.reader.send(self.wrap(cla, ins, p1, p2, data, self.level & 2))

    def key_data(self, fresh):
        checks = [des(key, bytes(8))[:3] for key in fresh]
        data = (b"\x80\x10" + des(self.dek, key[:8]) + des(self.dek, key[8:]) + b"\x03" + kcv
                for key, kcv in zip(fresh, checks))
        return b"".join(data), b"".join(checks)


class Session55(Session02):
    parameters = "SCP02 i=55"
    version = VERSION_55

    def __init__(self, *args):
        super().__init__(*args)
        if len(args) < 4:
            check(self.challenge == retail(self.mac, pad(ISD, 8), bytes(8))[:6], "the pseudo-random challenge")


class SessionPublished(Session02):
    """As the published description has it: LOAD, and no other here, goes out with class 80, MAC and all."""

    parameters = "SCP02 i=15, LOAD with class 80"
    ins80 = (0xE8,)


def lv(*values):
    return b"".join(bytes([len(v)]) + v for v in values)


def expect(result, word, what):
    check(result[1] == word, f"{what}: {result[1]:04X}, not {word:04X}")
    print(f"{what}: {word:04X}")
    return result[0]


def package():
    parts = [(1, "DECAFFED010204000106" + PACKAGE.hex()), (2, "00"), (4, "01000107A0000000620001"),
             (3, "0107" + MODULE.hex() + "0000"), (6, "00"), (7, "00"), (8, "00"), (5, "00"), (9, "00")]
    bodies = [(tag, bytes.fromhex(body)) for tag, body in parts]
    return b"".join(bytes([tag]) + len(body).to_bytes(2, "big") + body for tag, body in bodies)


def public(reader):
    answer = expect(reader.send(bytes.fromhex("00A4040000")), 0x9000, "SELECT with no data")
    check(answer[0] == 0x6F and ISD in answer, "the issuer security domain's FCI")
    answer = expect(reader.send(bytes.fromhex("80CA006600")), 0x9000, "GET DATA 0066")
    for parameter in ("0360", "0215", "0255"):
        check(bytes.fromhex("06092A864886FC6B04" + parameter) in answer, f"SCP{parameter} in the card recognition data")
    expect(reader.send(bytes.fromhex("80CA9F7F00")), 0x9000, "GET DATA CPLC")
    expect(reader.send(bytes.fromhex("80CA00E000")), 0x9000, "GET DATA of the keys")
    expect(reader.send(bytes.fromhex("80F28002024F0000")), 0x6982, "GET STATUS without a session")


def session(kind, reader, level):
    reader.send(bytes.fromhex("00A4040000"))
    s = kind(reader, level)
    check(s.authenticate() == 0x9000, "EXTERNAL AUTHENTICATE")
    return s


def attacks(kind, reader):
    reader.send(bytes.fromhex("00A4040000"))
    s = kind(reader, 1)
    s.cryptogram = bytes(8)
    expect((b"", s.authenticate()), 0x6300, "a wrong cryptogram")
    expect((b"", s.authenticate()), 0x6982, "the same once more")
    s = kind(reader, 0)
    expect((b"", s.authenticate()), 0x6A86, "no C-MAC")
    s = session(kind, reader, 1)
    wrap = s.wrap
    recorded = []
    s.wrap = lambda *args: recorded.append(wrap(*args)) or recorded[-1]
    expect(s.send(0xF2, 0x80, 2, bytes.fromhex("4F00")), 0x9000, "a command")
    expect(reader.send(recorded[0]), 0x6982, "the same, replayed")
    expect(s.send(0xF2, 0x80, 2, bytes.fromhex("4F00")), 0x6982, "after that, any")
    s = session(kind, reader, 1)
    expect(reader.send(bytes.fromhex("80F28002024F0000")), 0x6982, "a command in clear")
    expect(s.send(0xF2, 0x80, 2, bytes.fromhex("4F00")), 0x6982, "after that, any")


def listed(s, kind, aid):
    """An entry in both formats: data objects, and lengths and values."""
    entry = expect(s.send(0xF2, kind, 2, b"\x4F" + lv(aid)), 0x9000, f"GET STATUS {kind:02X}, data objects")
    check(entry[0] == 0xE3 and entry[1] == len(entry) - 2 and entry[2:].startswith(b"\x4F" + lv(aid)), "its entry")
    entry = expect(s.send(0xF2, kind, 0, b"\x4F" + lv(aid)), 0x9000, f"GET STATUS {kind:02X}, lengths and values")
    check(entry.startswith(lv(aid)), "its entry")
    return entry[len(lv(aid)):]


def load(s, owner=b"", parameters=b""):
    expect(s.send(0xE6, 2, 0, lv(PACKAGE, owner, b"", parameters, b"")), 0x9000, "INSTALL [for load]")
    block = package()
    file = b"\xC4" + bytes([len(block)]) + block
    parts = [file[i:i + 40] for i in range(0, len(file), 40)]
    for n, part in enumerate(parts):
        expect(s.send(0xE8, 0x80 if n == len(parts) - 1 else 0, n, part), 0x9000, f"LOAD {n}")


def life_of_an_application(s):
    install = lv(PACKAGE, MODULE, INSTANCE, b"\0", b"\xC9\0", b"")
    expect(s.send(0xE6, 12, 0, install), 0x9000, "INSTALL [for install and make selectable]")
    expect(s.send(0xE6, 12, 0, install), 0x6985, "again")
    check(listed(s, 0x40, INSTANCE) == b"\x07\0", "selectable")
    expect(s.send(0xF0, 0x40, 0x80, INSTANCE), 0x9000, "SET STATUS to locked")
    check(listed(s, 0x40, INSTANCE) == b"\x87\0", "locked")
    expect(s.send(0xF0, 0x40, 0x80, INSTANCE), 0x6985, "and again")


def life_of_the_card(s):
    """Locked, and back; the way back from SECURED there is not."""
    state = listed(s, 0x80, ISD)[0]
    for to in (0x07, 0x0F):
        if state < to:
            expect(s.send(0xF0, 0x80, to), 0x9000, f"SET STATUS of the card to {to:02X}")
    expect(s.send(0xF0, 0x80, 0x07), 0x6985, "back to INITIALIZED")
    expect(s.send(0xF0, 0x80, 0x7F), 0x9000, "CARD_LOCKED")
    check(listed(s, 0x80, ISD)[0] == 0x7F, "locked")
    expect(s.send(0xE4, 0, 0x80, b"\x4F" + lv(PACKAGE)), 0x6985, "DELETE on a locked card")
    expect(s.send(0xF0, 0x80, 0x0F), 0x9000, "SECURED again")


def personalise(kind, s):
    expect(s.send(0xE6, 12, 0, lv(bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041"), DOMAIN,
                                  b"\x80", b"\xC9\0", b"")), 0x9000, "a security domain")
    expect(s.send(0xE6, 32, 0, lv(b"", b"", DOMAIN, b"", b"", b"")), 0x9000, "INSTALL [for personalization]")
    expect(s.send(0xE2, 0x90, 0, bytes.fromhex("4203AABBCC")), 0x9000, "STORE DATA to it")
    fresh = [os.urandom(16) for _ in range(3)]
    data, checks = s.key_data(fresh)
    answer = expect(s.send(0xD8, 0, 0x81, b"\x31" + data), 0x9000, "PUT KEY")
    check(answer == b"\x31" + checks, "check values")
    expect(s.send(0xD8, 0, 0x81, b"\x31" + data), 0x6985, "again, as a new version")
    other = kind(s.reader, s.level, fresh, 0x31)
    expect((b"", other.authenticate()), 0x9000, "a session with the new keys")
    return other


def manage(kind, reader, level):
    s = session(kind, reader, level)
    listed(s, 0x80, ISD)
    check(TOKEN in expect(s.send(0xF2, 0x40, 2, bytes.fromhex("4F00")), 0x9000, "GET STATUS of applications"), "token")
    expect(s.send(0xE4, 0, 0, b"\x4F" + lv(PACKAGE)), 0x6A88, "DELETE of an absent AID")
    load(s)
    listed(s, 0x20, PACKAGE)
    listed(s, 0x10, PACKAGE)
    life_of_an_application(s)
    life_of_the_card(s)
    other = personalise(kind, s)
    expect(other.send(0xE4, 0, 0, b"\xD2\x01\x31"), 0x9000, "DELETE of the keys")
    expect(other.send(0xE4, 0, 0x80, b"\x4F" + lv(PACKAGE)), 0x9000, "DELETE of the load file and its instance")
    expect(other.send(0xE4, 0, 0, b"\x4F" + lv(DOMAIN)), 0x9000, "DELETE of the domain")
    expect(other.send(0xF2, 0x20, 2, b"\x4F" + lv(PACKAGE)), 0x6A88, "nothing is left of it")


def make_default(s, aid):
    expect(s.send(0xE6, 8, 0, lv(b"", b"", aid, b"\x04", b"", b"")), 0x9000, f"Card Reset to {aid.hex()}")
    check(listed(s, 0x40, aid) == b"\x07\x04", "it has the privilege")


def curve_key():
    """A public key on P-256, its base point, with the curve written out instead of its reference."""
    point = bytes.fromhex("046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
                          "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")
    p = 2**256 - 2**224 + 2**192 + 2**96 - 1
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    parts = [(0xB0, point)] + [(0xB2 + i, v.to_bytes(32, "big")) for i, v in enumerate((p, p - 3, b))]
    parts += [(0xB5, point), (0xB6, n.to_bytes(32, "big"))]
    return b"".join(bytes([tag, len(value)]) + value for tag, value in parts) + b"\0"


def as_tools_do(reader):
    """What gpshell3 and GlobalPlatformPro send, and nothing above does; doc/manager.md names them."""
    s = session(Session03, reader, 3)
    expect(s.send(0xCA, 1, 0xE0), 0x6A88, "GET DATA of more keys")
    load(s, ISD, bytes.fromhex("EF04C6020C08"))
    install = lv(PACKAGE, MODULE, INSTANCE, bytes(3), bytes.fromhex("C9020102"), b"")
    expect(s.send(0xE6, 12, 0, install), 0x9000, "INSTALL with three bytes of privileges")
    expect(s.send(0xF0, 0x40, 0x83, INSTANCE), 0x9000, "SET STATUS to locked, as from installed")
    expect(s.send(0xF0, 0x40, 0x07, INSTANCE), 0x9000, "SET STATUS to selectable")
    make_default(s, INSTANCE)
    make_default(s, TOKEN)
    expect(s.send(0xE6, 64, 0, lv(b"", b"", INSTANCE, b"\x10", b"", b"")), 0x9000, "INSTALL [for registry update]")
    asked = bytes.fromhex("C90F81020360 82022020 830120 87022020")
    expect(s.send(0xE6, 12, 0, lv(bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041"), DOMAIN,
                                  b"\x80", asked, b"")), 0x9000, "a domain that says what it accepts")
    expect(s.send(0xE6, 16, 0, lv(DOMAIN, b"", INSTANCE, b"", b"", b"")), 0x9000, "INSTALL [for extradition]")
    expect(s.send(0xE6, 32, 0, lv(b"", b"", INSTANCE, b"", b"", b"")), 0x6985, "an application takes no data")
    for p1, data in ((0x88, "0070054203AABBCC"), (0x91, "4203AABBCC"), (0x81, "4203AABBCC")):
        expect(s.send(0xE6, 32, 0, lv(b"", b"", DOMAIN, b"", b"", b"")), 0x9000, "INSTALL [for personalization]")
        expect(s.send(0xE2, p1, 0, bytes.fromhex(data)), 0x9000, f"STORE DATA {p1:02X}")
    key = b"\x73" + curve_key()
    expect(s.send(0xD8, 0x80, 1, key[:200]), 0x9000, "PUT KEY, a curve written out")
    expect(s.send(0xD8, 0, 1, key[200:]), 0x9000, "and the rest")
    expect(s.send(0xE4, 0, 0, b"\xD2\x01\x73"), 0x9000, "DELETE of it")
    for aid in (INSTANCE, DOMAIN, PACKAGE):
        expect(s.send(0xE4, 0, 0x80, b"\x4F" + lv(aid)), 0x9000, "DELETE with what is related")


def locked(reader):
    """What a locked card answers to those who come."""
    s = session(Session03, reader, 0x33)
    expect(s.send(0xF0, 0x80, 0x7F), 0x9000, "CARD_LOCKED")
    expect(reader.send(bytes.fromhex("00A4040000")), 0x6283, "SELECT of the issuer security domain")
    expect(reader.send(b"\0\xA4\4\0" + lv(TOKEN) + b"\0"), 0x6A81, "of any other")
    s = session(Session03, reader, 0x33)
    expect(s.send(0xE6, 2, 0, lv(PACKAGE, b"", b"", b"", b"")), 0x6985, "INSTALL [for load]")
    expect(s.send(0xF0, 0x80, 0x0F), 0x9000, "SECURED again")
    expect(reader.send(b"\0\xA4\4\0" + lv(TOKEN) + b"\0"), 0x9000, "SELECT of the token application")


def lock(reader, to, what):
    s = session(Session03, reader, 0x33)
    expect(s.send(0xF0, 0x80, to), 0x9000, what)


def terminate(reader):
    s = session(Session02, reader, 0x03)
    expect(s.send(0xF0, 0x80, 0xFF), 0x9000, "TERMINATED")
    expect(reader.send(bytes.fromhex("80CA9F7F00")), 0x9000, "GET DATA CPLC")
    expect(reader.send(bytes.fromhex("8050200008000000000000000000")), 0x6A81, "INITIALIZE UPDATE")


def main():
    reader = Reader(sys.argv[1])
    if sys.argv[2:]:
        verbs = {"lock": lambda: lock(reader, 0x7F, "CARD_LOCKED"), "unlock": lambda: lock(reader, 0x0F, "SECURED"),
                 "terminate": lambda: terminate(reader)}
        verbs[sys.argv[2]]()
        print("the end of it")
        return
    public(reader)
    for kind in (Session03, Session02, Session55, SessionPublished):
        print(f"-- {kind.parameters}")
        attacks(kind, reader)
        for level in kind.levels:
            print(f"-- {kind.parameters}, level {level:02X}")
            manage(kind, reader, level)
    as_tools_do(reader)
    locked(reader)
    print("all of it")


main()
