CREATE TABLE IF NOT EXISTS fieldseal_keys (
    id         bigint PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
    scope      bytea  NOT NULL CHECK (octet_length(scope) <= 65535),
    state      text   NOT NULL CHECK (state IN ('staged', 'primary', 'active', 'retired', 'destroyed')),
    commitment bytea  NOT NULL CHECK (octet_length(commitment) = 32),
    wrapped    text   NOT NULL,
    created    bigint NOT NULL,
    revision   bigint NOT NULL CHECK (revision >= 0)
);
CREATE INDEX IF NOT EXISTS fieldseal_keys_scope ON fieldseal_keys (sha256(scope));
CREATE UNIQUE INDEX IF NOT EXISTS fieldseal_keys_primary ON fieldseal_keys (sha256(scope)) WHERE state = 'primary';
