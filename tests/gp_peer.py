# SPDX-License-Identifier: BSD-2-Clause
"""A card manager's client over PC/SC, from the GlobalPlatform Card Specification and Amendment D alone.

gp_peer.py READER: authenticates over SCP03 with the key set of gp_keys.c, lists, loads, installs,
personalises, puts keys and deletes, and tries what must be refused. It shares no code with the project but
the block ciphers' wrappers; pcscd is called through its own library.
"""

import ctypes
import os
import sys

from scp10_primitives import aes, check, pad, unpad
from scp10_primitives import cmac as cmac_blocks

VERSION = 0x30
KEYS = [bytes((k + 1) << 4 | i for i in range(16)) for k in range(3)]
ISD = bytes.fromhex("A000000151000000")
TOKEN = bytes.fromhex("F0496E7461676C696F01")
PACKAGE, MODULE = bytes.fromhex("F00102030405"), bytes.fromhex("F0010203040501")
INSTANCE, DOMAIN = bytes.fromhex("F0010203040502"), bytes.fromhex("F00102030406")


class Reader:
    """SCardTransmit and what it needs."""

    def __init__(self, name):
        self.pcsc = ctypes.CDLL("libpcsclite.so.1")
        context, card, protocol = ctypes.c_long(), ctypes.c_long(), ctypes.c_ulong()
        self.good(self.pcsc.SCardEstablishContext(2, None, None, ctypes.byref(context)))
        self.good(self.pcsc.SCardConnect(context, name.encode(), ctypes.c_ulong(2), ctypes.c_ulong(3),
                                         ctypes.byref(card), ctypes.byref(protocol)))
        self.card, self.protocol = card, protocol.value

    @staticmethod
    def good(result):
        check(result & 0xFFFFFFFF == 0, f"PC/SC says {result & 0xFFFFFFFF:08X}")

    def once(self, apdu):
        header = (ctypes.c_ulong * 2)(self.protocol, 16)
        answer, length = ctypes.create_string_buffer(65538), ctypes.c_ulong(65538)
        self.good(self.pcsc.SCardTransmit(self.card, header, bytes(apdu), ctypes.c_ulong(len(apdu)), None,
                                          answer, ctypes.byref(length)))
        return answer.raw[:length.value - 2], int.from_bytes(answer.raw[length.value - 2:length.value], "big")

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


class Session:
    """SCP03, S8."""

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
    check(bytes.fromhex("06092A864886FC6B040360") in answer, "SCP03 i=60 in the card recognition data")
    expect(reader.send(bytes.fromhex("80CA9F7F00")), 0x9000, "GET DATA CPLC")
    expect(reader.send(bytes.fromhex("80CA00E000")), 0x9000, "GET DATA of the keys")
    expect(reader.send(bytes.fromhex("80F28002024F0000")), 0x6982, "GET STATUS without a session")


def session(reader, level):
    reader.send(bytes.fromhex("00A4040000"))
    s = Session(reader, level)
    check(s.authenticate() == 0x9000, "EXTERNAL AUTHENTICATE")
    return s


def attacks(reader):
    reader.send(bytes.fromhex("00A4040000"))
    s = Session(reader, 1)
    s.cryptogram = bytes(8)
    expect((b"", s.authenticate()), 0x6300, "a wrong cryptogram")
    expect((b"", s.authenticate()), 0x6982, "the same once more")
    s = Session(reader, 0)
    expect((b"", s.authenticate()), 0x6A86, "no C-MAC")
    s = session(reader, 1)
    recorded = s.wrap(0x80, 0xF2, 0x80, 2, bytes.fromhex("4F00"))
    expect(reader.send(recorded), 0x9000, "a command")
    expect(reader.send(recorded), 0x6982, "the same, replayed")
    expect(s.send(0xF2, 0x80, 2, bytes.fromhex("4F00")), 0x6982, "after that, any")


def manage(reader, level):
    s = session(reader, level)
    check(ISD in expect(s.send(0xF2, 0x80, 2, bytes.fromhex("4F00")), 0x9000, "GET STATUS of the issuer"), "ISD")
    check(TOKEN in expect(s.send(0xF2, 0x40, 2, bytes.fromhex("4F00")), 0x9000, "of applications"), "token")
    expect(s.send(0xE4, 0, 0, b"\x4F" + lv(PACKAGE)), 0x6A88, "DELETE of an absent AID")
    expect(s.send(0xE6, 2, 0, lv(PACKAGE, b"", b"", b"", b"")), 0x9000, "INSTALL [for load]")
    block = package()
    file = b"\xC4" + bytes([len(block)]) + block
    parts = [file[i:i + 40] for i in range(0, len(file), 40)]
    for n, part in enumerate(parts):
        expect(s.send(0xE8, 0x80 if n == len(parts) - 1 else 0, n, part), 0x9000, f"LOAD {n}")
    expect(s.send(0xE6, 12, 0, lv(PACKAGE, MODULE, INSTANCE, b"\0", b"\xC9\0", b"")), 0x9000,
           "INSTALL [for install and make selectable]")
    check(INSTANCE in expect(s.send(0xF2, 0x40, 2, b"\x4F" + lv(INSTANCE)), 0x9000, "GET STATUS of it"), "instance")
    expect(s.send(0xF0, 0x40, 0x80, INSTANCE), 0x9000, "SET STATUS to locked")
    expect(s.send(0xF0, 0x40, 0x80, INSTANCE), 0x6985, "and again")
    expect(s.send(0xE6, 12, 0, lv(bytes.fromhex("A0000001515350"), bytes.fromhex("A000000151535041"), DOMAIN,
                                  b"\x80", b"\xC9\0", b"")), 0x9000, "a security domain")
    expect(s.send(0xE6, 32, 0, lv(b"", b"", DOMAIN, b"", b"", b"")), 0x9000, "INSTALL [for personalization]")
    expect(s.send(0xE2, 0x90, 0, bytes.fromhex("4203AABBCC")), 0x9000, "STORE DATA to it")
    fresh = [os.urandom(16) for _ in range(3)]
    keys = b"".join(b"\x88\x11\x10" + aes(s.dek, key) + b"\x03" + aes(key, b"\x01" * 16)[:3] for key in fresh)
    answer = expect(s.send(0xD8, 0, 0x81, b"\x31" + keys), 0x9000, "PUT KEY")
    check(answer == b"\x31" + b"".join(aes(key, b"\x01" * 16)[:3] for key in fresh), "check values")
    other = Session(reader, level, fresh, 0x31)
    expect((b"", other.authenticate()), 0x9000, "a session with the new keys")
    expect(other.send(0xE4, 0, 0, b"\xD2\x01\x31"), 0x9000, "DELETE of the keys")
    expect(other.send(0xE4, 0, 0x80, b"\x4F" + lv(PACKAGE)), 0x9000, "DELETE of the load file and its instance")
    expect(other.send(0xE4, 0, 0, b"\x4F" + lv(DOMAIN)), 0x9000, "DELETE of the domain")
    expect(other.send(0xF2, 0x20, 2, b"\x4F" + lv(PACKAGE)), 0x6A88, "nothing is left of it")


def main():
    reader = Reader(sys.argv[1])
    public(reader)
    attacks(reader)
    for level in (0x01, 0x03, 0x11, 0x13, 0x33):
        print(f"-- level {level:02X}")
        manage(reader, level)
    print("all of it")


main()
