"""The function that adds up which calls of a seat count for another one, as both have copies of one ledger.

It reads the calls of all seats with the rights of the tables' owner, so that a reader need not be allowed to, and gives
out sums alone. Tables are named with their schema, and operators taken from pg_catalog only: nobody who may call it can
put something else in their places.
"""

from __future__ import annotations

SHARED = "team_shared(text[], bigint, bigint)"
"""The seats, the one first whose ledger goes furthest, and the moments between which the calls lie."""
_MOST_NANO = 9_000_000_000_000_000_000
_BODY = f"""
  SELECT seat, day, owner, provider, model, project, session_id,
    CAST(least(greatest(sum(cost_nano), -{_MOST_NANO}), {_MOST_NANO}) AS bigint), count(*)
  FROM (SELECT newest.*, first_value(newest.seat) OVER (PARTITION BY newest.created_ms, newest.id
      ORDER BY newest.content <> 0 AND newest.completed_ms IS NULL, array_position(seats, newest.seat)) AS owner
    FROM (SELECT DISTINCT ON (c.seat, c.created_ms, c.id) c.* FROM {{schema}}team_call c
      WHERE c.seat = ANY(seats) AND c.created_ms >= first_ms AND c.created_ms < end_ms
      ORDER BY c.seat, c.created_ms, c.id, c.revision DESC) newest) owned
  WHERE owner <> seat AND content <> 0 GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
_HEAD = """CREATE OR REPLACE FUNCTION {schema}team_shared(seats text[], first_ms bigint, end_ms bigint)
  RETURNS TABLE (of_seat text, of_day date, counts_for text, of_provider text, of_model text, of_project text,
    of_session text, nano bigint, many bigint)
  LANGUAGE sql STABLE SECURITY DEFINER"""


def sharing_sql(*, is_flat: bool) -> str:
    """The definition; a flat one is for CockroachDB, which notes what is meant when the function is made."""
    if is_flat:
        head, body = (text.format(schema="") for text in (_HEAD, _BODY))
        return f"{head} AS $f${body}$f$;\nREVOKE ALL ON FUNCTION {SHARED} FROM PUBLIC"
    schema = {"schema": "%1$I."}
    return f"""DO $do$ BEGIN
  EXECUTE format($sql${_HEAD.format(**schema)} SET search_path = pg_catalog AS $f${_BODY.format(**schema)}$f$$sql$,
    current_schema());
  REVOKE ALL ON FUNCTION {SHARED} FROM PUBLIC;
END $do$"""
