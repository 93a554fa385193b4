//! What the fuzz targets share: cases, worlds from the Python reference, and what every reply must be.

pub mod case;
pub mod plans;
pub mod reference;
pub mod reply;
pub mod words;
