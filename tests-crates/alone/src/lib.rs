//! A program with one library and one database: its keys in the database, a model, a rotation. It
//! has nothing but tests; which one there is says the feature.
