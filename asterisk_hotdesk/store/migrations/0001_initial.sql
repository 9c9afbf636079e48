-- Everything lives in one schema of our own: in a database that belongs to others
-- we are a guest.  The invariants of hot desking are constraints with names; the
-- name of a violated one becomes the refusal that a person gets.

-- Tells two databases apart whose daemons meet at one Asterisk.
CREATE TABLE installation (
    id uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO installation DEFAULT VALUES;

CREATE TABLE accounts (
    name text PRIMARY KEY
        CONSTRAINT account_name_form CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,31}$')
);
INSERT INTO accounts (name) VALUES ('default');

CREATE TABLE devices (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL REFERENCES accounts,
    -- the PJSIP endpoint, AOR and user name of the phone
    name text NOT NULL
        CONSTRAINT device_name_form CHECK (name ~ '^[A-Za-z0-9]{1,32}$')
        CONSTRAINT device_name_once UNIQUE,
    mac text NOT NULL
        CONSTRAINT device_mac_form CHECK (mac ~ '^[0-9a-f]{12}$')
        CONSTRAINT device_mac_once UNIQUE,
    sip_secret text NOT NULL,
    language text,
    -- caller ID number of emergency calls from this desk; empty: the PBX's own
    emergency_number text NOT NULL DEFAULT '',
    location text NOT NULL DEFAULT '',
    -- the last change of who sits here (switches.id); null: nobody ever did
    switch_id bigint
);

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account text NOT NULL REFERENCES accounts,
    extension text NOT NULL
        CONSTRAINT user_extension_form CHECK (extension ~ '^[0-9]{2,10}$'),
    name text NOT NULL,
    context text NOT NULL
        CONSTRAINT user_context_form CHECK (context ~ '^[A-Za-z0-9_-]{1,64}$'),
    language text,
    -- may this user log in at hot desks at all?
    allowed boolean NOT NULL DEFAULT true,
    -- Argon2id of the PIN with the pepper; null: no PIN set, so no login by phone
    pin_hash text,
    logged_out_treatment text NOT NULL DEFAULT 'unavailable'
        CONSTRAINT user_treatment_known
        CHECK (logged_out_treatment IN ('unavailable', 'voicemail', 'number')),
    -- a mailbox for voicemail, a number for number
    logged_out_target text NOT NULL DEFAULT ''
        CONSTRAINT user_treatment_target
        CHECK ((logged_out_target = '') = (logged_out_treatment = 'unavailable')),
    CONSTRAINT user_extension_once UNIQUE (account, extension)
);
-- Is an extension known in another account?
CREATE INDEX user_extension ON users (extension);

CREATE TABLE logins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
    since timestamptz NOT NULL,
    until timestamptz,
    end_reason text,
    CONSTRAINT login_end_has_reason CHECK ((until IS NULL) = (end_reason IS NULL))
);
CREATE UNIQUE INDEX login_one_per_device ON logins (device_id) WHERE until IS NULL;
CREATE UNIQUE INDEX login_one_per_user ON logins (user_id) WHERE until IS NULL;
CREATE INDEX login_history_of_user ON logins (user_id, id);

-- One row for each change of who sits at a device, with the time of each step:
-- decided (committed), routed (endpoint and AstDB written and read back), refreshed
-- (NOTIFY sent), confirmed (the phone fetched the configuration of this switch).
-- The id is the generation that the desk's routes carry: a higher one is newer.
CREATE TABLE switches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
    -- null: the switch made the desk idle
    login_id bigint REFERENCES logins ON DELETE SET NULL,
    decided_at timestamptz NOT NULL,
    routed_at timestamptz,
    refreshed_at timestamptz,
    confirmed_at timestamptz
);
CREATE INDEX switch_history_of_device ON switches (device_id, id);
ALTER TABLE devices ADD CONSTRAINT device_switch
    FOREIGN KEY (switch_id) REFERENCES switches ON DELETE SET NULL;

-- How often a PIN was wrong lately: per extension (also one that does not exist, so
-- that guessing does not tell which do), per device, and in total.
CREATE TABLE pin_attempts (
    -- user:<account>/<a digest of the extension>, device:<name> or total
    subject text PRIMARY KEY,
    failures integer NOT NULL,
    last_failed_at timestamptz NOT NULL
);

-- What happened, for administrators: names are copied, so that a line stays true
-- after its user or device is gone.  Never a PIN, never a secret.
CREATE TABLE events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    -- login, logout, refused, unlocked …
    what text NOT NULL,
    -- the stable code of a refusal or the reason of an end
    code text NOT NULL DEFAULT '',
    account text NOT NULL DEFAULT '',
    extension text NOT NULL DEFAULT '',
    device text NOT NULL DEFAULT '',
    -- phone, command …
    by text NOT NULL DEFAULT ''
);
CREATE INDEX event_time ON events (at);

-- What Asterisk and the phone said last; kept by the AMI listener and the web server.
CREATE TABLE device_status (
    device_id bigint PRIMARY KEY REFERENCES devices ON DELETE CASCADE,
    -- null: never seen since the listener caught up
    registered boolean,
    reachable boolean,
    address text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    round_trip_us integer,
    in_call boolean,
    seen_at timestamptz,
    fetched_at timestamptz,
    -- the generation of the configuration that the phone fetched last
    fetched_generation bigint,
    fetched_user_agent text NOT NULL DEFAULT ''
);
