-- Whoever decides about a login holds all that it depends on.  In a function these two
-- statements cost half of what they cost one by one, and every login waits for them.
-- Each still sees what was committed while the one before it waited: the function is
-- VOLATILE, and PL/pgSQL then takes a new snapshot for each statement
-- (https://www.postgresql.org/docs/current/xfunc-volatility.html).
CREATE FUNCTION hold(held_device text, held_extension text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF held_extension IS NOT NULL THEN
        -- Not the user's row: an extension that nobody has is held as well.
        PERFORM pg_advisory_xact_lock(hashtextextended(
            'hotdesk user ' || account || '/' || held_extension, 0))
        FROM devices WHERE name = held_device;
    END IF;
    -- NO KEY: what only refers to a device, as the note of a fetch does, need not wait.
    PERFORM 1 FROM devices
    WHERE id = ANY (
        ARRAY (SELECT id FROM devices WHERE name = held_device)
        || ARRAY (
            SELECT device_id FROM logins
            JOIN users ON users.id = user_id
            JOIN devices ON devices.account = users.account
            WHERE until IS NULL AND users.extension = held_extension
              AND devices.name = held_device))
    ORDER BY id FOR NO KEY UPDATE;
END
$$;
