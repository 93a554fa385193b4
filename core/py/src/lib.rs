//! The Python module `gslb_core`: the native engine as a plane sees it. The contract is its stub, `python/gslb_core/__init__.pyi`.
//!
//! The boundary is coarse: plan words in, octets and counts out. The threads that answer over UDP belong to `udp` and never take the
//! interpreter's lock; all that stands here runs on the plane's own thread.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

mod counts;
mod engine;
mod tap;
mod tcp;
mod words;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    let known: Vec<_> = words::WORDS.iter().chain(words::PARTS).collect();
    module.add("WORDS", PyTuple::new(module.py(), known)?)?;
    module.add("PlanError", module.py().get_type::<engine::PlanError>())?;
    module.add_class::<engine::Engine>()
}
