"""Addresses and keys of cryptocurrencies."""

import hashlib
import re
from collections.abc import Iterator
from typing import Final

from Crypto.Hash import keccak

from memory.privacy.kinds import DataKind, Finding

_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES58: Final = {character: value for value, character in enumerate(_BASE58)}
_BASE58_WORD: Final = re.compile(rf"(?<![A-Za-z0-9])[{_BASE58}]{{26,112}}+(?![A-Za-z0-9])")
_ADDRESS_BYTES, _EXTENDED_BYTES = 21, 78
_WIF_BYTES: Final = (33, 34)
_WIF_VERSIONS: Final = (0x80, 0xEF)
_PUBLIC: Final = re.compile(r"[xyztuvYZ]pub")
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_VALUES32: Final = {character: value for value, character in enumerate(_BECH32)}
_BECH32_WORD: Final = re.compile(
    rf"(?<![a-z0-9])([a-z]{{2,16}})1([{_BECH32}]{{38,100}}+)(?![a-z0-9])", re.IGNORECASE
)
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_SUMS: Final = (1, 0x2BC830A3)
_ETHEREUM: Final = re.compile(r"(?<![A-Za-z0-9])0x([0-9a-fA-F]{40})(?![A-Za-z0-9])")


def wallets(text: str) -> Iterator[Finding]:
    """Addresses with a right checksum: base58check (Bitcoin and its kin), bech32 and bech32m (BIP-173, BIP-350).

    Of Ethereum every address of 40 digits, its checksum being in mixed case only (EIP-55). Private keys in base58check
    (WIF, extended keys of BIP-32) are found as secrets.
    """
    for match in _BASE58_WORD.finditer(text):
        kind = _kind58(match[0])
        if kind is not None:
            yield Finding(match.start(), match.end(), kind)
    for match in _BECH32_WORD.finditer(text):
        if _is_bech32(match[1], match[2]):
            yield Finding(match.start(), match.end(), DataKind.WALLET)
    for match in _ETHEREUM.finditer(text):
        if _is_ethereum(match[1]):
            yield Finding(match.start(), match.end(), DataKind.WALLET)


def _kind58(word: str) -> DataKind | None:
    number = 0
    for character in word:
        number = number * 58 + _VALUES58[character]
    zeros = len(word) - len(word.lstrip("1"))
    decoded = b"\0" * zeros + number.to_bytes((number.bit_length() + 7) // 8, "big")
    payload, check = decoded[:-4], decoded[-4:]
    if len(payload) not in {_ADDRESS_BYTES, *_WIF_BYTES, _EXTENDED_BYTES}:
        return None
    if hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4] != check:
        return None
    if len(payload) == _ADDRESS_BYTES or _PUBLIC.match(word):
        return DataKind.WALLET
    return DataKind.SECRET if len(payload) == _EXTENDED_BYTES or payload[0] in _WIF_VERSIONS else None


def _is_bech32(prefix: str, data: str) -> bool:
    if not (prefix + data).islower() and not (prefix + data).isupper():
        return False
    codes = prefix.lower().encode()
    check = 1
    for value in (
        *(code >> 5 for code in codes),
        0,
        *(code & 31 for code in codes),
        *(_VALUES32[c] for c in data.lower()),
    ):
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                check ^= generator
    return check in _BECH32_SUMS


def _is_ethereum(digits: str) -> bool:
    lower = digits.lower()
    if digits in {lower, digits.upper()}:
        return True
    check = keccak.new(data=lower.encode(), digest_bits=256).hexdigest()
    return all(
        character.isdigit() or character.isupper() == (int(nibble, 16) > 7)  # noqa: PLR2004  # the half that is upper
        for character, nibble in zip(digits, check, strict=False)
    )
