-- The web page and the API: who may use them, and a bell for what they show live.

CREATE TABLE administrators (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
        CONSTRAINT administrator_name_form CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$')
        CONSTRAINT administrator_name_once UNIQUE,
    role text NOT NULL
        CONSTRAINT administrator_role_known
        CHECK (role IN ('viewer', 'operator', 'admin')),
    -- empty: what the browser asks for
    language text NOT NULL DEFAULT ''
        CONSTRAINT administrator_language_known CHECK (language IN ('', 'de', 'en')),
    -- Argon2id of the password with the pepper
    password_hash text NOT NULL
);

CREATE TABLE web_sessions (
    -- SHA-256 of what the browser's cookie holds: 256 random bits, no need for a slow
    -- hash
    hash bytea PRIMARY KEY,
    administrator_id bigint NOT NULL REFERENCES administrators ON DELETE CASCADE,
    began_at timestamptz NOT NULL,
    -- the last request, within a minute
    used_at timestamptz NOT NULL
);
CREATE INDEX web_session_of_administrator ON web_sessions (administrator_id);

CREATE TABLE api_tokens (
    -- SHA-256 of the token
    hash bytea PRIMARY KEY,
    name text NOT NULL
        CONSTRAINT api_token_name_form CHECK (name ~ '^[a-z0-9][a-z0-9._@-]{0,63}$')
        CONSTRAINT api_token_name_once UNIQUE,
    role text NOT NULL
        CONSTRAINT api_token_role_known
        CHECK (role IN ('viewer', 'operator', 'admin')),
    made_at timestamptz NOT NULL,
    used_at timestamptz
);

-- Whoever shows the view `status` live hears of each device that looks different now.
-- The channel carries the schema's name, for channels are shared by the whole database.
CREATE FUNCTION ring_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(
        'hotdesk status:' || TG_TABLE_SCHEMA,
        (SELECT name FROM devices WHERE id = NEW.device_id));
    RETURN NULL;
END
$$;

CREATE FUNCTION ring_status_of_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('hotdesk status:' || TG_TABLE_SCHEMA, '');
    RETURN NULL;
END
$$;

CREATE TRIGGER ring_status_of_all AFTER UPDATE ON pbx
    FOR EACH ROW WHEN (OLD.answers IS DISTINCT FROM NEW.answers)
    EXECUTE FUNCTION ring_status_of_all();
CREATE TRIGGER ring_status AFTER INSERT ON device_status
    FOR EACH ROW EXECUTE FUNCTION ring_status();
-- Not for what changes all the time, such as the round-trip time.
CREATE TRIGGER ring_status_again AFTER UPDATE ON device_status
    FOR EACH ROW WHEN (
        OLD.registered IS DISTINCT FROM NEW.registered
        OR OLD.reachable IS DISTINCT FROM NEW.reachable
        OR OLD.address IS DISTINCT FROM NEW.address
        OR OLD.in_call IS DISTINCT FROM NEW.in_call)
    EXECUTE FUNCTION ring_status();
CREATE TRIGGER ring_status AFTER UPDATE ON switches
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION ring_status();
CREATE TRIGGER ring_status AFTER INSERT OR UPDATE ON emergency_calls
    FOR EACH ROW EXECUTE FUNCTION ring_status();
