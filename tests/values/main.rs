//! Values: the frozen vectors, newtypes, the fuzz targets' seeds, and hostile input.

mod fuzz_corpus;
mod hostile;
mod newtypes;
mod vectors;
