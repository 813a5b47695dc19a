"""Who signs in through somebody else.

Revision ID: 0007
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.rls import protect

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# The version before this one takes an account without a password as one whose password nobody knows.
TABLES = """
alter table users alter password_hash drop not null

create table identities (
    issuer text not null,
    subject text not null,
    account bigint not null,
    email text,
    created_at timestamptz default now() not null,
    used_at timestamptz default now() not null,
    constraint pk_identities primary key (issuer, subject),
    constraint uq_identities_account_issuer unique (account, issuer),
    constraint fk_identities_account foreign key (account) references users (id) on delete cascade
)
"""


def upgrade() -> None:
    """Accounts may be without a password, and known to a provider."""
    run_as_owner(TABLES)
    run_as_owner(protect("identities", owner_column="account", system=True))


def downgrade() -> None:
    """Whoever has no password gets one that nobody knows."""
    run_as_owner("drop table identities")
    run_as_migrator("update users set password_hash = '!' where password_hash is null")
    run_as_owner("alter table users alter password_hash set not null")
