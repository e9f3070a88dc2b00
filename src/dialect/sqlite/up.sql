CREATE TABLE IF NOT EXISTS fieldseal_keys (
    id         INTEGER PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
    scope      TEXT    NOT NULL CHECK (typeof(scope) = 'text'),
    state      TEXT    NOT NULL CHECK (state IN ('staged', 'primary', 'active', 'retired', 'destroyed')),
    commitment BLOB    NOT NULL CHECK (typeof(commitment) = 'blob' AND length(commitment) = 32),
    wrapped    TEXT    NOT NULL CHECK (typeof(wrapped) = 'text'),
    created    INTEGER NOT NULL CHECK (typeof(created) = 'integer'),
    revision   INTEGER NOT NULL CHECK (typeof(revision) = 'integer' AND revision >= 0)
);
CREATE INDEX IF NOT EXISTS fieldseal_keys_scope ON fieldseal_keys (scope);
CREATE UNIQUE INDEX IF NOT EXISTS fieldseal_keys_primary ON fieldseal_keys (scope) WHERE state = 'primary';
