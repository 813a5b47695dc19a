"""One spelling for one address, so that nobody registers twice."""

from __future__ import annotations

import re

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from artel.kit.errors import FieldProblem, Invalid

MAX_EMAIL = 254
_HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")


def normal_email(text: str) -> str:
    """The address in lower case and in Unicode's composed form.

    Raises:
        Invalid: it is not an address.
    """
    name, _, domain = text.strip().lower().rpartition("@")
    # Addresses at localhost, home.arpa or test receive no mail from outside; a private installation sends none.
    private = _is_reserved(domain)
    try:
        checked = validate_email(f"{name}@{'example.org' if private else domain}", check_deliverability=False)
    except EmailNotValidError as error:
        raise _not_an_address(str(error)) from error
    email = (f"{checked.local_part}@{domain}" if private else checked.normalized).lower()
    if len(email) > MAX_EMAIL:
        raise _not_an_address("The address is too long.")
    return email


def _is_reserved(domain: str) -> bool:
    return _HOST.fullmatch(domain) is not None and any(
        domain == reserved or domain.endswith(f".{reserved}") for reserved in SPECIAL_USE_DOMAIN_NAMES
    )


def _not_an_address(why: str) -> Invalid:
    fields = [FieldProblem("email", why, "not_an_email")]
    return Invalid("This is not an e-mail address.", reason="not-an-email", fields=fields)
