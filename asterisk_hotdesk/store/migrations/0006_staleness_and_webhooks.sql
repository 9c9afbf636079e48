-- Phones that were said to be stale, and how each webhook fares.

-- Few: phones fetch within seconds, and only the last switch of a device counts.
CREATE INDEX switch_unconfirmed ON switches (device_id) WHERE confirmed_at IS NULL;

-- A phone that has not fetched since a switch, for so long that everybody was told.
CREATE TABLE stale_phones (
    device_id bigint PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    -- the last switch (switches.id) for which that was told
    generation bigint NOT NULL,
    since timestamptz NOT NULL
);

-- What became of the events that each webhook wants; how far it has come is in
-- event_readers.
CREATE TABLE webhooks (
    name text PRIMARY KEY,
    delivered bigint NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    -- attempts since the last delivery, when the last one failed, and why
    failures integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    problem text NOT NULL DEFAULT '',
    given_up bigint NOT NULL DEFAULT 0,
    given_up_at timestamptz
);
