"""Secrets at rest and tokens: sealing with a key and a purpose, random tokens, and their hashes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from artel.kit.errors import ArtelError

_NONCE_BYTES = 12
_VERSION = b"\x01"


class UnreadableSecret(ArtelError):
    """A stored secret cannot be read with this server's key. Enter it again."""

    slug = "unreadable-secret"
    status = 409


class SecretBox:
    """AES-256-GCM with a context as associated data: a value moved to another row or purpose does not open."""

    def __init__(self, master_key: str, *old_keys: str) -> None:
        """master_key: any text of high entropy; the AES key is derived from it with BLAKE2b.

        old_keys: they open what was sealed with them, and seal nothing.
        """
        self._cipher, *self._old_ciphers = (_cipher(key) for key in (master_key, *old_keys))

    def seal(self, plain: str, context: str) -> bytes:
        """context: where the value belongs, such as "provider_keys/7/openai"."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain.encode(), context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """The value that was sealed in this context.

        Raises:
            UnreadableSecret: another key, another context, or a damaged value.
        """
        for cipher in (self._cipher, *self._old_ciphers):
            if (plain := _opened(cipher, sealed, context)) is not None:
                return plain
        raise UnreadableSecret

    def is_current(self, sealed: bytes, context: str) -> bool:
        """Whether it was sealed with the newest key; for who seals everything anew."""
        return _opened(self._cipher, sealed, context) is not None


def _cipher(master_key: str) -> AESGCM:
    return AESGCM(hashlib.blake2b(master_key.encode(), digest_size=32, person=b"artel-secretbox").digest()[:32])


def _opened(cipher: AESGCM, sealed: bytes, context: str) -> str | None:
    nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return cipher.decrypt(nonce, body, context.encode()).decode()
    except (InvalidTag, ValueError):
        return None


def key_id(master_key: str) -> str:
    """A name for a secret key that gives nothing of it away, as long as the key itself cannot be guessed."""
    return hmac.new(master_key.encode(), b"artel key id", hashlib.sha256).hexdigest()[:16]


def new_secret(n_bytes: int = 32) -> str:
    """A random URL-safe token of `n_bytes` of entropy."""
    return secrets.token_urlsafe(n_bytes)


def token_hash(token: str) -> bytes:
    """SHA-256 of a random token: enough for secrets of full entropy, which cannot be guessed by trying."""
    return hashlib.sha256(token.encode()).digest()


def same_bytes(a: bytes, b: bytes) -> bool:
    """Compares in constant time."""
    return hmac.compare_digest(a, b)


def key_hint(secret: str) -> str:
    """The last four characters of a long secret, for a person to tell keys apart; nothing of a short one."""
    return f"…{secret[-4:]}" if len(secret) >= 16 else "…"


def encode_bytes(raw: bytes) -> str:
    """URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode_bytes(text: str) -> bytes:
    """The opposite of `encode_bytes`.

    Raises:
        ValueError: the text is not base64.
    """
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
