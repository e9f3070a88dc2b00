CREATE TABLE IF NOT EXISTS fieldseal_keys (
    id         BIGINT       NOT NULL PRIMARY KEY CHECK (id BETWEEN 1 AND 4294967295),
    scope      BLOB         NOT NULL,
    state      VARCHAR(16)  CHARACTER SET ascii COLLATE ascii_bin NOT NULL
               CHECK (state IN ('staged', 'primary', 'active', 'retired', 'destroyed')),
    commitment VARBINARY(64) NOT NULL CHECK (LENGTH(commitment) = 32),
    wrapped    MEDIUMTEXT   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    created    BIGINT       NOT NULL,
    revision   BIGINT       NOT NULL CHECK (revision >= 0),
    primary_of BINARY(32)   GENERATED ALWAYS AS (CASE WHEN state = 'primary' THEN UNHEX(SHA2(scope, 256)) END) STORED,
    KEY fieldseal_keys_scope (scope(255)),
    UNIQUE KEY fieldseal_keys_primary (primary_of)
) ENGINE = InnoDB;
