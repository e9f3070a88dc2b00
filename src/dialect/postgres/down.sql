DROP TABLE IF EXISTS fieldseal_keys;
