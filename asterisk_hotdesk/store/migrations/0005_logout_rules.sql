-- Rules that log people out: what one user has on top of what holds for the account.
-- Devices have the same in their options.

ALTER TABLE users
    -- true: no rule does
    ADD COLUMN never_logout boolean NOT NULL DEFAULT false,
    -- 4h or 90m; empty: no rule of the user's own
    ADD COLUMN logout_after_idle text NOT NULL DEFAULT '',
    ADD COLUMN logout_after text NOT NULL DEFAULT '',
    -- every day at that time, as 18:00
    ADD COLUMN logout_at text NOT NULL DEFAULT '',
    ADD CONSTRAINT user_logout_form CHECK (
        logout_after_idle ~ '^([1-9][0-9]{0,3}[hm])?$'
        AND logout_after ~ '^([1-9][0-9]{0,3}[hm])?$'
        AND logout_at ~ '^(([01][0-9]|2[0-3]):[0-5][0-9])?$'),
    -- may this user log others out, from any phone?
    ADD COLUMN may_log_others_out boolean NOT NULL DEFAULT false;
