-- What is true of each phone beside what should be, and whether anybody can say.

-- One row: whether Asterisk answers us.
CREATE TABLE pbx (
    only_one boolean PRIMARY KEY DEFAULT true
        CONSTRAINT pbx_only_one CHECK (only_one),
    -- null: nobody has asked yet
    answers boolean,
    since timestamptz
);
INSERT INTO pbx DEFAULT VALUES;

-- Where Asterisk does not answer, nobody knows what the phones do.
CREATE OR REPLACE VIEW status AS
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
       CASE WHEN pbx.answers IS NOT FALSE THEN registered END AS registered,
       CASE WHEN pbx.answers IS NOT FALSE THEN registered_since END
           AS registered_since,
       CASE WHEN pbx.answers IS NOT FALSE THEN reachable END AS reachable,
       CASE WHEN pbx.answers IS NOT FALSE THEN round_trip_us / 1000.0 END
           AS round_trip_ms,
       coalesce(address, '') AS address,
       coalesce(user_agent, '') AS user_agent,
       CASE WHEN pbx.answers IS NOT FALSE THEN in_call END AS in_call,
       EXISTS (SELECT FROM emergency_calls
               WHERE emergency_calls.device_id = devices.id AND ended_at IS NULL)
           AS in_emergency_call,
       last_call_at,
       seen_at,
       booted_at,
       fetched_at,
       fetched_generation,
       -- the last switch that the PBX has followed
       routed.id AS routed_generation,
       routed.extension AS routed_extension,
       routed.routed_at AS routed_since,
       -- of whoever the phone says sits there, since it fetched
       provisioned.extension AS provisioned_extension,
       pbx.answers AS pbx_answers,
       pbx.since AS pbx_since
FROM devices
CROSS JOIN pbx
LEFT JOIN logins ON logins.device_id = devices.id AND until IS NULL
LEFT JOIN users ON users.id = logins.user_id
LEFT JOIN switches ON switches.id = devices.switch_id
LEFT JOIN device_status ON device_status.device_id = devices.id
-- A phone that restarted where it was only asked to fetch, lately.
LEFT JOIN LATERAL (
    SELECT max(latest.restarted_at) AS restarted_at
    FROM (SELECT restarted_at FROM switches
          WHERE switches.device_id = devices.id ORDER BY id DESC LIMIT 3) AS latest
) AS restarts ON true
LEFT JOIN LATERAL (
    SELECT followed.id, followed.routed_at, sitters.extension
    FROM switches AS followed
    LEFT JOIN logins AS sitting ON sitting.id = followed.login_id
    LEFT JOIN users AS sitters ON sitters.id = sitting.user_id
    WHERE followed.device_id = devices.id AND followed.routed_at IS NOT NULL
    ORDER BY followed.id DESC LIMIT 1
) AS routed ON true
LEFT JOIN LATERAL (
    SELECT sitters.extension
    FROM switches AS fetched
    JOIN logins AS sitting ON sitting.id = fetched.login_id
    JOIN users AS sitters ON sitters.id = sitting.user_id
    WHERE fetched.id = device_status.fetched_generation
) AS provisioned ON true;
