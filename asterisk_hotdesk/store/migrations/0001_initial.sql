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
    -- null: a device of the pool, which waits for a phone to claim it
    mac text
        CONSTRAINT device_mac_form CHECK (mac ~ '^[0-9a-f]{12}$')
        CONSTRAINT device_mac_once UNIQUE,
    -- written into pjsip_hotdesk.conf: a semicolon would begin a comment, and
    -- `password=>x` would mean x
    sip_secret text NOT NULL
        CONSTRAINT device_secret_form CHECK (sip_secret ~ '^(?!>)[!-:<-~]+$'),
    -- of the phone's own web page
    web_password text NOT NULL,
    -- false: its phone gets no configuration, and nobody can log in there
    enabled boolean NOT NULL DEFAULT true,
    language text,
    -- caller ID number of emergency calls from this desk; empty: the PBX's own
    emergency_number text NOT NULL DEFAULT ''
        CONSTRAINT device_emergency_number_form
        CHECK (emergency_number ~ '^(\+?[0-9]{1,15})?$'),
    location text NOT NULL DEFAULT '',
    -- what differs from the defaults of model.DeviceOptions
    options jsonb NOT NULL DEFAULT '{}',
    -- what the phone last said it is; empty: it has never fetched
    vendor text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    firmware text NOT NULL DEFAULT '',
    -- until when, and how often still, a phone may fetch this device's configuration
    -- with a token of the enrolment; null: no enrolment is open
    enrol_until timestamptz,
    deliveries_left integer NOT NULL DEFAULT 0,
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
        CONSTRAINT user_context_form CHECK (context ~ '^[A-Za-z0-9_-]{1,64}$')
        -- hotdesk-as-CONTEXT.ACCOUNT is a context, too: Asterisk cuts it at 79
        CONSTRAINT user_context_fits CHECK (
            account = 'default' OR length(context) + length(account) <= 67),
    language text,
    -- may this user log in at hot desks at all?
    allowed boolean NOT NULL DEFAULT true,
    -- Argon2id of the PIN with the pepper; null: no PIN set, so no login by phone
    pin_hash text,
    -- how old the PIN is
    pin_set_at timestamptz,
    -- what the user gives to log in by phone; null: as the settings say
    login_method text
        CONSTRAINT user_login_method_known
        CHECK (login_method IN ('pin', 'voicemail', 'none'))
        CONSTRAINT user_login_method_mailbox
        CHECK (login_method <> 'voicemail' OR mailbox <> ''),
    logged_out_treatment text NOT NULL DEFAULT 'unavailable'
        CONSTRAINT user_treatment_known
        CHECK (logged_out_treatment
               IN ('unavailable', 'busy', 'voicemail', 'number', 'extension')),
    -- a mailbox for voicemail, digits for number and extension; it is written into the
    -- dialplan
    logged_out_target text NOT NULL DEFAULT ''
        CONSTRAINT user_treatment_target CHECK (
            CASE logged_out_treatment
                WHEN 'voicemail'
                THEN logged_out_target ~ '^[A-Za-z0-9_-]+@[A-Za-z0-9_-]+$'
                WHEN 'number' THEN logged_out_target ~ '^[0-9]{1,20}$'
                WHEN 'extension' THEN logged_out_target ~ '^[0-9]{1,20}$'
                ELSE logged_out_target = '' END),
    -- a vendor-neutral ringtone, by number; null: the phone's own
    ringtone integer
        CONSTRAINT user_ringtone_known CHECK (ringtone BETWEEN 1 AND 9),
    -- all these are written into the dialplan or the endpoint; empty: none
    mailbox text NOT NULL DEFAULT ''
        CONSTRAINT user_mailbox_form
        CHECK (mailbox ~ '^([A-Za-z0-9_-]+@[A-Za-z0-9_-]+)?$'),
    call_groups text NOT NULL DEFAULT '',
    pickup_groups text NOT NULL DEFAULT '',
    CONSTRAINT user_groups_form CHECK (
        (call_groups || ',' || pickup_groups) ~ '^[0-9,]+$'),
    named_call_groups text NOT NULL DEFAULT '',
    named_pickup_groups text NOT NULL DEFAULT '',
    CONSTRAINT user_named_groups_form CHECK (
        (named_call_groups || ',' || named_pickup_groups) ~ '^[A-Za-z0-9_,-]+$'),
    account_code text NOT NULL DEFAULT ''
        CONSTRAINT user_account_code_form CHECK (account_code ~ '^[A-Za-z0-9_.-]{0,40}$'),
    -- a PJSIP endpoint of the PBX that is the user's as well
    fixed_endpoint text NOT NULL DEFAULT ''
        CONSTRAINT user_fixed_endpoint_form
        CHECK (fixed_endpoint ~ '^[A-Za-z0-9_.-]{0,64}$'),
    -- the queue member that is paused while the user sits nowhere
    queue_interface text NOT NULL DEFAULT ''
        CONSTRAINT user_queue_interface_form
        CHECK (queue_interface ~ '^([A-Za-z0-9]+/[A-Za-z0-9_.@/-]{1,100})?$'),
    CONSTRAINT user_extension_once UNIQUE (account, extension)
);
-- Is an extension known in another account?
CREATE INDEX user_extension ON users (extension);

-- Who sits at a device from its first start on, and perhaps comes back whenever
-- somebody else has logged out there.
ALTER TABLE devices
    ADD COLUMN base_user_id bigint
        CONSTRAINT device_base_user REFERENCES users ON DELETE SET NULL,
    ADD COLUMN base_user_due boolean NOT NULL DEFAULT false,
    ADD COLUMN base_user_returns boolean NOT NULL DEFAULT false;
CREATE INDEX device_of_base_user ON devices (base_user_id);
CREATE INDEX device_base_user_due ON devices (id) WHERE base_user_due;

-- The function keys that a user wants, on whatever phone.
CREATE TABLE user_keys (
    user_id bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    position integer NOT NULL
        CONSTRAINT key_position_range CHECK (position BETWEEN 1 AND 200),
    kind text NOT NULL,
    value text NOT NULL DEFAULT '',
    label text NOT NULL DEFAULT '',
    -- where a phone has too few keys, those with the lowest number stay
    priority integer NOT NULL DEFAULT 5
        CONSTRAINT key_priority_range CHECK (priority BETWEEN 1 AND 9),
    PRIMARY KEY (user_id, position)
);

-- Which phones, beyond those that are devices already, may become devices.
CREATE TABLE allowed_phones (
    account text NOT NULL REFERENCES accounts,
    -- compared digit by digit, whatever language the database sorts in
    first_mac text COLLATE "C" PRIMARY KEY
        CONSTRAINT allowed_first_mac_form CHECK (first_mac ~ '^[0-9a-f]{12}$'),
    last_mac text COLLATE "C" NOT NULL
        CONSTRAINT allowed_last_mac_form CHECK (last_mac ~ '^[0-9a-f]{12}$'),
    CONSTRAINT allowed_in_order CHECK (first_mac <= last_mac)
);

-- Phones that asked for a configuration and are no device.
CREATE TABLE discovered_phones (
    mac text PRIMARY KEY
        CONSTRAINT discovered_mac_form CHECK (mac ~ '^[0-9a-f]{12}$'),
    first_seen_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    address text NOT NULL,
    vendor text NOT NULL DEFAULT '',
    model text NOT NULL DEFAULT '',
    firmware text NOT NULL DEFAULT '',
    -- pnp or http
    by text NOT NULL
);
CREATE INDEX discovered_seen ON discovered_phones (seen_at);

-- With which token a device's phone may fetch its configuration.  A bootstrap token is
-- given to an administrator or a phone for its first fetch; the answer holds a steady
-- one, and the first use of that deletes all others of the device.
CREATE TABLE provisioning_tokens (
    -- SHA-256 of the token, which is 160 random bits: no need for a slow hash
    hash bytea PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
    kind text NOT NULL
        CONSTRAINT token_kind_known CHECK (kind IN ('bootstrap', 'steady')),
    made_at timestamptz NOT NULL,
    -- when the phone first used it; bootstrap tokens have none
    used_at timestamptz
);
CREATE INDEX token_of_device ON provisioning_tokens (device_id, made_at);

CREATE TABLE logins (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
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
CREATE INDEX login_history_of_device ON logins (device_id, id);

-- One row for each change of who sits at a device, with the time of each step:
-- decided (committed), routed (endpoint and AstDB written and read back), refreshed
-- (NOTIFY sent), confirmed (the phone fetched the configuration of this switch).
-- The id is the generation that the desk's routes carry: a higher one is newer.
CREATE TABLE switches (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
    -- null: the switch made the desk idle
    login_id bigint REFERENCES logins ON DELETE SET NULL,
    decided_at timestamptz NOT NULL,
    routed_at timestamptz,
    refreshed_at timestamptz,
    confirmed_at timestamptz,
    -- when the phone restarted although it was only asked to fetch: its firmware is old
    restarted_at timestamptz
);
CREATE INDEX switch_history_of_device ON switches (device_id, id);
CREATE INDEX switch_of_login ON switches (login_id);
ALTER TABLE devices ADD CONSTRAINT device_switch
    FOREIGN KEY (switch_id) REFERENCES switches ON DELETE SET NULL;
CREATE INDEX device_of_switch ON devices (switch_id);

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

-- Emergency calls. While one is open, nobody is logged in or out at its device.
CREATE TABLE emergency_calls (
    -- Asterisk's unique id
    channel text PRIMARY KEY,
    device_id bigint NOT NULL REFERENCES devices ON DELETE CASCADE,
    number text NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);
CREATE INDEX emergency_call_open ON emergency_calls (device_id) WHERE ended_at IS NULL;
CREATE INDEX emergency_call_of_device ON emergency_calls (device_id, began_at);

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
    -- when the phone last said that it had started
    booted_at timestamptz,
    fetched_at timestamptz,
    -- the generation of the configuration that the phone fetched last
    fetched_generation bigint,
    fetched_user_agent text NOT NULL DEFAULT ''
);
