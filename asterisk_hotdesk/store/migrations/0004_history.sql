-- What `hotdesk history` and letting go of what is old need to be quick.

-- One user's history, in whichever account; the account is then no more than a filter.
CREATE INDEX event_of_extension ON events (extension, id);
DROP INDEX event_of_user;

-- Whether people have pseudonyms in it; nobody can tell by the text.
ALTER TABLE events ADD COLUMN pseudonymous boolean NOT NULL DEFAULT false;
CREATE INDEX event_with_names ON events (at) WHERE NOT pseudonymous;

CREATE INDEX login_end ON logins (until) WHERE until IS NOT NULL;
CREATE INDEX switch_time ON switches (decided_at);
