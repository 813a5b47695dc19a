"""Figures about everybody, for those who watch over an installation: sums in `/metrics`, and sums per user for Grafana.

Revision ID: 0010
"""

from __future__ import annotations

from artel.store.migrations.steps import run_as_migrator, run_as_owner
from artel.store.roles import APP, GRAFANA, MIGRATOR, OWNER

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Rows come in the order of time, so a summary of each block is index enough, and costs writing nearly nothing.
INDEX = "create index ix_usage_created on usage using brin (created_at)"

# `spent_since`: a row may become visible a little after the time that is written on it, so the newest are left for the
# next time. The row without a provider says up to when was counted, even where nothing was spent.
SUMS = """
create function users_and_agents() returns table (users bigint, agents bigint)
language sql stable security definer set search_path = pg_catalog, public as $$
    select (select count(*) from shard_users), count(*) from user_agents where is_active and not is_orchestrator
$$

create function spent_since(since timestamptz) returns table (provider text, usd numeric, counted_to timestamptz)
language sql stable security definer set search_path = pg_catalog, public as $$
    with mark as (select now() - interval '10 seconds' as until)
    select null::text, 0::numeric, until from mark
    union all
    select usage.provider, sum(usage.cost), until from mark, usage
    where usage.created_at > spent_since.since and usage.created_at <= until and usage.cost > 0
    group by usage.provider, until
$$
"""

PER_USER = """
create function figures_of_users(since timestamptz, until timestamptz) returns table (
    user_id bigint, agents bigint, runs bigint, runs_failed bigint, model_calls bigint, input_tokens bigint,
    output_tokens bigint, spend_usd numeric, approvals_answered bigint, approvals_waiting bigint
) language sql stable security definer set search_path = pg_catalog, public as $$
    select shard_users.user_id, coalesce(agent.agents, 0), coalesce(run.runs, 0), coalesce(run.failed, 0),
        coalesce(spent.calls, 0), coalesce(spent.input, 0), coalesce(spent.output, 0), coalesce(spent.usd, 0),
        coalesce(approval.answered, 0), coalesce(approval.waiting, 0)
    from shard_users
    left join (
        select user_agents.user_id, count(*) as agents from user_agents
        where is_active and not is_orchestrator group by 1
    ) agent on agent.user_id = shard_users.user_id
    left join (
        select runs.user_id, count(*) as runs, count(*) filter (where status = 'failed') as failed from runs
        where created_at >= since and created_at < until group by 1
    ) run on run.user_id = shard_users.user_id
    left join (
        select usage.user_id, count(*) as calls, sum(usage.input_tokens)::bigint as input,
            sum(usage.output_tokens)::bigint as output, sum(cost) as usd
        from usage where created_at >= since and created_at < until group by 1
    ) spent on spent.user_id = shard_users.user_id
    left join (
        select approval_requests.user_id, count(*) filter (where status = 'pending') as waiting,
            count(*) filter (
                where status in ('confirmed', 'rejected') and resolved_at >= since and resolved_at < until
            ) as answered
        from approval_requests group by 1
    ) approval on approval.user_id = shard_users.user_id
    order by 1
$$

create function figures_by_day(of_user bigint, since timestamptz, until timestamptz) returns table (
    day timestamptz, runs bigint, runs_failed bigint, input_tokens bigint, output_tokens bigint, spend_usd numeric
) language sql stable security definer set search_path = pg_catalog, public as $$
    select days.day, coalesce(run.runs, 0), coalesce(run.failed, 0), coalesce(spent.input, 0),
        coalesce(spent.output, 0), coalesce(spent.usd, 0)
    from (
        select generate_series(date_trunc('day', since at time zone 'UTC'), until at time zone 'UTC', '1 day')
            at time zone 'UTC' as day
    ) days
    left join (
        select date_trunc('day', created_at at time zone 'UTC') at time zone 'UTC' as day, count(*) as runs,
            count(*) filter (where status = 'failed') as failed
        from runs where user_id = of_user and created_at >= since and created_at < until group by 1
    ) run on run.day = days.day
    left join (
        select date_trunc('day', created_at at time zone 'UTC') at time zone 'UTC' as day,
            sum(usage.input_tokens)::bigint as input, sum(usage.output_tokens)::bigint as output, sum(cost) as usd
        from usage where user_id = of_user and created_at >= since and created_at < until group by 1
    ) spent on spent.day = days.day
    order by 1
$$

create function figures_by_provider(of_user bigint, since timestamptz, until timestamptz) returns table (
    provider text, model_calls bigint, input_tokens bigint, output_tokens bigint, spend_usd numeric, unpriced bigint
) language sql stable security definer set search_path = pg_catalog, public as $$
    select usage.provider, count(*), sum(usage.input_tokens)::bigint, sum(usage.output_tokens)::bigint,
        coalesce(sum(cost), 0), count(*) filter (where cost is null)
    from usage where user_id = of_user and created_at >= since and created_at < until group by 1 order by 5 desc, 1
$$

create function figures_of_approvals(of_user bigint, since timestamptz, until timestamptz) returns table (
    type text, confirmed bigint, rejected bigint, expired bigint, waiting bigint, median_seconds double precision
) language sql stable security definer set search_path = pg_catalog, public as $$
    select asked.type, count(*) filter (where status = 'confirmed'), count(*) filter (where status = 'rejected'),
        count(*) filter (where status = 'expired'), count(*) filter (where status = 'pending'),
        percentile_cont(0.5) within group (order by extract(epoch from resolved_at - created_at)) filter (
            where status in ('confirmed', 'rejected')
        )
    from approval_requests asked
    where user_id = of_user and created_at >= since and created_at < until group by 1 order by 1
$$
"""

FOR_GRAFANA = (
    "figures_of_users(timestamptz, timestamptz)",
    "figures_by_day(bigint, timestamptz, timestamptz)",
    "figures_by_provider(bigint, timestamptz, timestamptz)",
    "figures_of_approvals(bigint, timestamptz, timestamptz)",
)
OF_SUMS = ("users_and_agents()", "spent_since(timestamptz)")


# PostgreSQL lets everybody call a new function. From here on only the app's role may, and Grafana's what is Grafana's.
# The migrator is a member of the owner, and may do this for both.
FOR_THE_APP = f"""
revoke execute on all functions in schema public from public

grant execute on all functions in schema public to {APP}

alter default privileges for role {OWNER}, {MIGRATOR} revoke execute on functions from public

alter default privileges for role {OWNER}, {MIGRATOR} in schema public grant execute on functions to {APP}
"""
FOR_ALL = f"""
alter default privileges for role {OWNER}, {MIGRATOR} in schema public revoke execute on functions from {APP}

alter default privileges for role {OWNER}, {MIGRATOR} grant execute on functions to public

grant execute on all functions in schema public to public

revoke execute on all functions in schema public from {APP}
"""

# Who made the roles by hand may have left this one out; docs/watching.md says how to add it later.
GRANTS = f"""
revoke execute on function {", ".join(FOR_GRAFANA)} from {APP}

do $$
begin
    if exists (select from pg_roles where rolname = '{GRAFANA}') then
        grant execute on function {", ".join(FOR_GRAFANA)} to {GRAFANA};
    end if;
end
$$
"""


def upgrade() -> None:
    """Adds an index and functions; closes all functions to roles that are not Artel's."""
    run_as_owner(INDEX)
    run_as_migrator(SUMS + PER_USER)
    run_as_migrator(FOR_THE_APP)
    run_as_migrator(GRANTS)


def downgrade() -> None:
    """Takes them back."""
    run_as_migrator(f"drop function {', '.join((*FOR_GRAFANA, *OF_SUMS))}")
    run_as_migrator(FOR_ALL)
    run_as_owner("drop index ix_usage_created")
