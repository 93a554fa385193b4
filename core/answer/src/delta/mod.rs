//! How a plan travels: the words of a delta, and the assembler that builds the next snapshot from them.

mod assembler;
mod partition_draft;
mod pool_draft;
pub mod words;
mod zone_draft;

pub use assembler::{Assembler, PlanError};
pub use words::{Dynamic, Group, Hinted, Node, RRset, Row, Sticky, Word};
