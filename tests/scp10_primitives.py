# SPDX-License-Identifier: BSD-2-Clause
"""
What scp10_peer.py counts with: BER-TLV, RSA and its paddings, CMAC, the retail MAC's DES. Its own but for
the blocks of AES and DES, which are python3-cryptography's.
"""
import functools
import hashlib
import hmac
import re
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError:
    TripleDES = algorithms.TripleDES

SHA1_INFO = bytes.fromhex("3021300906052B0E03021A05000414")
SHA256_INFO = bytes.fromhex("3031300D060960864801650304020105000420")


class Wrong(Exception):
    """Something is not as the document says."""


def check(right, what):
    if not right:
        raise Wrong(what)


def objects(data):
    """[(tag, value, whole object)]"""
    found, at = [], 0
    while at < len(data):
        start, tag = at, data[at]
        at += 1
        if tag & 0x1F == 0x1F:
            tag = tag << 8 | data[at]
            at += 1
        length = data[at]
        at += 1
        if length > 0x80:
            n = length & 0x7F
            length = int.from_bytes(data[at : at + n], "big")
            at += n
        check(at + length <= len(data), "an object is cut off")
        found.append((tag, data[at : at + length], data[start : at + length]))
        at += length
    return found


def tlv(tag, value):
    n = len(value)
    length = bytes([n]) if n < 0x80 else bytes([0x81, n]) if n < 0x100 else b"\x82" + struct.pack(">H", n)
    return (bytes([tag]) if tag < 0x100 else struct.pack(">H", tag)) + length + value


@functools.lru_cache(maxsize=None)
def rsa(number, exponent, modulus):
    size = (modulus.bit_length() + 7) // 8
    return pow(int.from_bytes(number, "big"), exponent, modulus).to_bytes(size, "big")


def mask(seed, n):
    out = b"".join(hashlib.sha256(seed + struct.pack(">I", i)).digest() for i in range(n // 32 + 1))
    return out[:n]


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def oaep_block(encoded):
    seed = xor(encoded[1:33], mask(encoded[33:], 32))
    plain = xor(encoded[33:], mask(seed, len(encoded) - 33))
    check(encoded[0] == 0 and plain[:32] == hashlib.sha256(b"").digest(), "OAEP")
    return re.fullmatch(rb"\x00*\x01(.*)", plain[32:], re.S)[1]


def pkcs1_block(encoded):
    return re.fullmatch(rb"\x00\x02[^\x00]{8,}\x00(.*)", encoded, re.S)[1]


def pss_is_right(encoded, digest):
    n = len(encoded) - 33
    check(encoded[-1] == 0xBC, "PSS")
    plain = xor(encoded[:n], mask(encoded[n:-1], n))
    plain = bytes([plain[0] & 0x7F]) + plain[1:]
    salt = re.fullmatch(rb"\x00*\x01(.*)", plain, re.S)[1]
    return hashlib.sha256(bytes(8) + digest + salt).digest() == encoded[n:-1]


def signature_is_right(scheme, message, encoded):
    """scheme: last byte of the oid in 7F49"""
    if scheme == 4:
        return pss_is_right(encoded, hashlib.sha256(message).digest())
    info = {1: SHA1_INFO + hashlib.sha1(message).digest(), 2: SHA256_INFO + hashlib.sha256(message).digest()}[scheme]
    return encoded == b"\x00\x01" + b"\xff" * (len(encoded) - 3 - len(info)) + b"\x00" + info


def des(key, data, encrypt=True, iv=bytes(8)):
    c = Cipher(TripleDES(key[:8] * 3 if len(key) == 8 else key + key[:8]), modes.CBC(iv))
    c = c.encryptor() if encrypt else c.decryptor()
    return c.update(data) + c.finalize()


def aes(key, data, encrypt=True, iv=bytes(16)):
    c = Cipher(algorithms.AES(key), modes.CBC(iv))
    c = c.encryptor() if encrypt else c.decryptor()
    return c.update(data) + c.finalize()


def pad(data, block):
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data):
    return re.fullmatch(rb"(.*)\x80\x00*", data, re.S)[1]


def cmac(key, data):
    """All CBC blocks, the last of which is the MAC."""
    subkey = int.from_bytes(aes(key, bytes(16)), "big")
    for _ in range(2 if len(data) % 16 else 1):
        subkey = (subkey << 1 ^ (0x87 if subkey >> 127 else 0)) & (1 << 128) - 1
    if len(data) % 16:
        data = pad(data, 16)
    return aes(key, data[:-16] + xor(data[-16:], subkey.to_bytes(16, "big")))


def hkdf(secret, info, n):
    key = hmac.new(bytes(32), secret, hashlib.sha256).digest()
    return hmac.new(key, info + b"\x01", hashlib.sha256).digest()[:n]
