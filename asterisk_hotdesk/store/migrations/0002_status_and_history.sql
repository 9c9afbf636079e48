-- What administrators and other programs read: who sits where and whether each phone
-- really is in that state, and what happened.  The names of the views and of their
-- columns are part of the public interface: columns are only ever added.

ALTER TABLE events
    -- of the user, as it was then
    ADD COLUMN name text NOT NULL DEFAULT '',
    -- which administrator, AMI user or rule; empty: whoever was at the phone
    ADD COLUMN actor text NOT NULL DEFAULT '',
    -- the IP address that the request came from, where there is one
    ADD COLUMN address text NOT NULL DEFAULT '';
CREATE INDEX event_of_device ON events (device, id);
CREATE INDEX event_of_user ON events (account, extension, id);

-- How far each reader of the events has come, such as the one that tells AMI.
CREATE TABLE event_readers (
    name text PRIMARY KEY,
    -- everything up to this one is dealt with
    last_event bigint NOT NULL
);

ALTER TABLE device_status
    -- when the phone registered after it was away; null: unknown
    ADD COLUMN registered_since timestamptz,
    -- when a call there last began or ended
    ADD COLUMN last_call_at timestamptz;

CREATE VIEW status AS
SELECT devices.account,
       devices.name AS device,
       devices.mac,
       devices.location,
       devices.enabled,
       devices.vendor,
       devices.model,
       devices.firmware,
       users.extension,
       users.name,
       logins.id AS login,
       logins.since,
       switches.id AS generation,
       switches.decided_at,
       switches.routed_at,
       switches.refreshed_at,
       switches.confirmed_at,
       restarts.restarted_at,
       registered,
       registered_since,
       reachable,
       round_trip_us / 1000.0 AS round_trip_ms,
       coalesce(address, '') AS address,
       coalesce(user_agent, '') AS user_agent,
       in_call,
       EXISTS (SELECT FROM emergency_calls
               WHERE emergency_calls.device_id = devices.id AND ended_at IS NULL)
           AS in_emergency_call,
       last_call_at,
       seen_at,
       booted_at,
       fetched_at,
       fetched_generation
FROM devices
LEFT JOIN logins ON logins.device_id = devices.id AND until IS NULL
LEFT JOIN users ON users.id = logins.user_id
LEFT JOIN switches ON switches.id = devices.switch_id
LEFT JOIN device_status ON device_status.device_id = devices.id
-- A phone that restarted where it was only asked to fetch, lately.
LEFT JOIN LATERAL (
    SELECT max(latest.restarted_at) AS restarted_at
    FROM (SELECT restarted_at FROM switches
          WHERE switches.device_id = devices.id ORDER BY id DESC LIMIT 3) AS latest
) AS restarts ON true;

CREATE VIEW history AS
SELECT id, at, what, code, account, extension, name, device, by, actor, address
FROM events;
